"""A link restores what its page showed, in a browser that has never been here."""

from urllib.parse import parse_qs, quote, urlsplit

import pytest
from playwright.sync_api import expect

from tests.browser import looks

TEXT = "The dog ran & the cat’s ball = 50% “red”? 猫"


def query(page) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


def test_attention_link_restores_everything(fresh_server, open_page):
    page = open_page(f"/attention?lang=zh&text={quote(TEXT)}&layer=2&head=3", on=fresh_server())
    expect(looks.title(page)).to_have_text("注意力")
    expect(looks.text_box(page)).to_have_value(TEXT)
    expect(looks.number(page, "层")).to_have_value("2")
    expect(looks.number(page, "头")).to_have_value("3")
    expect(looks.wall(page)).to_have_attribute("aria-label", "每一层每一个头的注意力；点击选择，或用方向键移动. 已选择第 2 层，第 3 头")
    assert query(page) == {"lang": "zh", "text": TEXT, "layer": "2", "head": "3"}


def test_generate_link_restores_everything(fresh_server, open_page):
    asked = {"text": "The little dog", "temperature": "1.2", "top_k": "5", "seed": "9", "length": "6"}
    page = open_page("/generate?" + "&".join(f"{name}={quote(value)}" for name, value in asked.items()), on=fresh_server())
    tokens = looks.written(page)
    assert 1 <= len(tokens) <= 6
    expect(looks.text_box(page)).to_have_value("The little dog")
    expect(looks.slider(page, "Temperature")).to_have_value("1.2")
    expect(looks.slider(page, "Top-k")).to_have_value("5")
    expect(looks.slider(page, "New tokens")).to_have_value("6")
    expect(looks.number(page, "Seed")).to_have_value("9")
    assert query(page) == asked


def test_the_address_of_a_page_at_its_defaults_is_bare(server, open_page):
    page = open_page("/attention")
    assert query(page) == {}


def test_the_home_link_restores_the_text(server, open_page):
    page = open_page(f"/?text={quote(TEXT)}")
    expect(looks.text_box(page)).to_have_value(TEXT)


@pytest.mark.parametrize(
    "link", ["layer=99&head=-1", "layer=two&head=", "lang=xx", "seed=1e9&temperature=hot", "text=", "layer=2&layer=3", "token=9999999999"]
)
@pytest.mark.parametrize("path", ["/attention", "/generate"])
def test_a_link_with_nonsense_shows_the_page(path, link, server, open_page):
    page = open_page(f"{path}?length=3&{link}")
    expect(looks.title(page)).to_have_text({"/attention": "Attention", "/generate": "Generate"}[path])
    assert not [alert for alert in looks.alerts(page) if "went wrong" in alert]


def test_language_switch_keeps_text_and_head(server, open_page):
    page = open_page(f"/attention?text={quote(TEXT)}&layer=2&head=3")
    page.get_by_test_id("stSidebar").get_by_text("中文", exact=True).click()
    expect(looks.title(page)).to_have_text("注意力")
    looks.settle(page)
    expect(looks.text_box(page)).to_have_value(TEXT)
    expect(looks.number(page, "层")).to_have_value("2")
    expect(looks.number(page, "头")).to_have_value("3")
    assert query(page) == {"lang": "zh", "text": TEXT, "layer": "2", "head": "3"}


def test_the_menu_keeps_text_and_language(server, open_page):
    page = open_page(f"/attention?lang=zh&text={quote(TEXT)}&layer=2&head=3")
    for entry, expected in (("生成", {"lang": "zh", "text": TEXT}), ("注意力", {"lang": "zh", "text": TEXT, "layer": "2", "head": "3"})):
        page.get_by_test_id("stSidebarNavLink").filter(has_text=entry).click()
        expect(looks.title(page)).to_have_text(entry)
        looks.settle(page)
        expect(looks.text_box(page)).to_have_value(TEXT)
        assert query(page) == expected
    looks.type_text(page, "The dog")
    looks.settle(page, quiet_ms=1000)
    assert query(page)["text"] == "The dog"


def test_copy_link_puts_the_address_on_the_clipboard(server, open_page):
    page = open_page("/attention?layer=2&head=3")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == page.url == f"{server.url}/attention?layer=2&head=3"
    expect(page.get_by_role("button", name="Copy link")).to_be_visible()


@pytest.mark.parametrize("name", ["openai-community/gpt2", "/tmp", "../../etc", "no such model"])
def test_a_link_alone_loads_no_other_model(name, server, open_page):
    page = open_page(f"/attention?model={quote(name, safe='')}")
    (alert,) = looks.alerts(page)
    assert name in alert and "story-gpt is shown" in alert
    expect(page.get_by_role("button", name="Load this model")).to_be_visible()
    expect(looks.wall(page)).to_be_visible()
    assert query(page)["model"] == name  # the address keeps asking for it


def test_a_server_may_forbid_other_models(fresh_server, open_page):
    page = open_page("/attention?model=openai-community/gpt2", on=fresh_server(GLASSBOX_OTHER_MODELS="never"))
    (alert,) = looks.alerts(page)
    assert "This server shows its bundled models only; story-gpt is shown." in alert
    expect(page.get_by_role("button", name="Load this model")).to_have_count(0)
