from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest

from docs.generate import ROOT
from docs.picture import PICTURE, draw

NAMESPACE = 'xmlns="http://www.w3.org/2000/svg"'
SUMMARY = """\
Bringing in the bank's history                 ━━━━━━━━━━━━━━━━━━━━ 100% 0:00:00

Took        88 s, 553 MB at most
Refused     most often because:
      166 x  No agent is free in time & no slot is <left>.

  call_unresolved
    42.9 % of 7 treated people recovered, against 44.4 % of 9 held out: -1.6 points (95 % interval -41 points to +39 points).
    Truth: +0.0 points among the treated.

The project is in /somewhere/private. Try next:
  engage report --project /somewhere/private
"""


def words(svg: str) -> str:
    """Return what a reader sees, the picture's lines joined."""
    drawn = [node.text or "" for node in ET.fromstring(svg).iter() if node.tag.endswith("}text")]  # noqa: S314 - our own
    return " ".join(" ".join(drawn).replace("\xa0", " ").split())


def drawn_and_kept() -> list[object]:
    return [pytest.param(draw(SUMMARY), id="drawn"), pytest.param(PICTURE.read_text(), id="kept")]


@pytest.mark.parametrize("svg", drawn_and_kept())
def test_the_picture_asks_no_other_host_for_anything(svg: str) -> None:
    assert svg.count(NAMESPACE) == 1
    assert not re.search(
        r"https?:|//|@font-face|@import|url\((?!#)|href", svg.replace(NAMESPACE, "")
    )


@pytest.mark.parametrize("svg", drawn_and_kept())
def test_the_picture_tells_no_folder_and_shows_no_progress_bar(svg: str) -> None:
    shown = words(svg)
    assert shown.startswith("make demo $ make demo")
    assert "Took" in shown
    assert not re.search(r"━|--project|(?<!\S)/\w+/", shown)


def test_the_picture_leaves_out_none_of_the_summary() -> None:
    shown = words(draw(SUMMARY))
    for said in ("88 s, 553 MB at most", "166 x No agent is free in time & no slot is <left>."):
        assert said in shown
    assert "(95 % interval -41 points to +39 points)." in shown
    assert shown.endswith("Truth: +0.0 points among the treated.")


def test_the_readme_shows_the_picture() -> None:
    assert f"]({PICTURE.relative_to(ROOT)})" in (ROOT / "README.md").read_text()
