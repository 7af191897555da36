// The beam tree's nodes. A carrier brings either the steps that are settled or the newest few, which name the digest of the settled
// ones they continue. beam_tree.py joins this file before the others: one module.

const FATES = ["kept", "finished", "pruned"];
const carriers = new Map();  // name → { settled, newest }: what has been brought

function carry(data, tell) {
  const brought = carriers.get(data.carries) ?? carriers.set(data.carries, {}).get(data.carries);
  brought[data.part] = data;
  tell();
  return () => setTimeout(() => {  // the next one is a moment away
    if (brought[data.part] === data) delete brought[data.part];
  }, 300);
}

/** The tree from what has been brought for it, or null. Each node knows its parent (`up`) and its children (`kin`). */
function assemble(name, label) {
  const { settled, newest } = carriers.get(name) ?? {};
  if (!settled) return null;
  const parts = newest?.after === settled.digest ? [settled, newest] : [settled];  // another run's newest steps may still be there
  const { rows, beams, greedy = [], done = false, root: y } = parts[parts.length - 1], join = (field) => parts.flatMap((part) => part[field]);
  const nodes = new Map([[-1, { id: -1, step: 0, x: 0, y, label, fate: "root", share: 1, kin: [] }]]), counts = join("counts");
  for (const row of join("nodes")) add(nodes, row);
  for (const [id, count] of join("more")) nodes.get(id).more = count;
  return { nodes, counts, rows, beams, leads: join("leads"), greedy: new Set(greedy), done };
}

/** The nodes that stand after so many steps; those are `live` that lead to a running beam or to an end. */
function standing(nodes, step) {
  const found = [...nodes.values()].filter((node) => node.step <= step);
  for (const node of found) node.live = false;
  for (const node of found) {
    if (node.fate !== "finished" && !(node.fate === "kept" && node.step === step)) continue;
    for (let each = node; each && !each.live; each = each.up) each.live = true;
  }
  return found;
}

/** A row as beam_tree.py's _row() makes it. */
function add(nodes, [id, parent, step, x, label, special, y, fate, logProb, cumulative, score, rank, behind]) {
  const up = nodes.get(parent), share = Math.exp(logProb);
  const node = { id, up, step, x, y, label, special, fate: FATES[fate], logProb, cumulative, score, rank, behind, share, kin: [] };
  up.kin.push(node);
  nodes.set(id, node);
}

/** The ids from a node back to the root. */
function way(node) {
  const ids = new Set();
  for (let each = node; each; each = each.up) ids.add(each.id);
  return ids;
}
