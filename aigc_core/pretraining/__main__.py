"""``python -m aigc_core.pretraining story-gpt --corpus PATH``: trains a bundled model and writes it as a Hugging Face folder.

Stopped, it goes on from its last checkpoint when started again with the same arguments.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import sys
from pathlib import Path

from aigc_core.errors import AigcError


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m aigc_core.pretraining", description=__doc__)
    parser.add_argument("model", help="the recipe's name, such as story-gpt")
    parser.add_argument("--corpus", required=True, type=Path, help="folder with stories/train.txt and stories/valid.txt")
    parser.add_argument("--out", type=Path, help="where the model is written (default: the bundled folder)")
    parser.add_argument("--work", type=Path, help="checkpoints and progress (default: runs/NAME)")
    parser.add_argument("--steps", type=int, help="instead of the recipe's own number")
    parser.add_argument("--seed", type=int, help="instead of the recipe's own seed (0)")
    chosen = parser.parse_args(arguments)
    try:
        run(chosen)
    except AigcError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def run(chosen: argparse.Namespace) -> None:
    from aigc_core.pretraining import corpus

    stories = corpus.read(chosen.corpus)  # before torch is imported, so that a wrong path is told at once

    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # threads that spin while they wait starve whatever else the machine does
    import torch

    from aigc_core.pretraining.recipes import RECIPES
    from aigc_core.pretraining.train import train

    if chosen.model not in RECIPES:
        raise AigcError("recipe_unknown", found=chosen.model, expected=", ".join(RECIPES))
    recipe = RECIPES[chosen.model]
    changed = {name: value for name in ("steps", "seed") if (value := getattr(chosen, name)) is not None}
    schedule = dataclasses.replace(recipe.schedule, **changed)
    work = chosen.work or Path("runs") / recipe.name

    torch.manual_seed(schedule.seed)
    tokenizer = recipe.tokenizer(stories.train)
    objective = recipe.objective.from_texts(tokenizer, stories.train, stories.valid, recipe.n_ctx)
    model = recipe.model(tokenizer)
    print(f"{recipe.name}: {model.num_parameters():,} parameters, {schedule.steps} steps, checkpoints in {work}", flush=True)
    result = train(model, objective, schedule, work, report=lambda progress: print(progress, flush=True))

    from aigc_core.pretraining import export

    folder = chosen.out or Path(__file__).parent.parent / "models" / "bundled" / recipe.name
    export.write(folder, recipe, schedule, model, tokenizer, stories, result)
    print(f"written to {folder}")


if __name__ == "__main__":
    sys.exit(main())
