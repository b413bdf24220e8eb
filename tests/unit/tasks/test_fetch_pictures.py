from __future__ import annotations

import pytest

from digest.errors import FetchError
from digest.gather.hosted_pictures import HostedPicture
from digest.model.article import Article
from digest.tasks.fetch_pictures import Mode, PicturesReport, ShownPicture, fetch_pictures, with_pictures

IMAGES: dict[str, Mode] = {"ours": "hosted", "theirs": "remote", "plain": "none"}
PHOTO = "https://cdn.example/a.jpg"


def article(source: str = "ours", image_url: str | None = PHOTO, **more: str) -> Article:
    return Article(title=more.pop("title", "Ein Titel"), source=source, image_url=image_url, **more)


class Host:
    """Keeps what it is asked for; what is named "gone" is not there."""

    def __init__(self, width: int = 1104) -> None:
        self.asked: list[str] = []
        self.width = width

    def __call__(self, url: str) -> HostedPicture:
        self.asked.append(url)
        if "gone" in url:
            raise FetchError(url, "answered 404")
        return HostedPicture(name=f"{'ab' * 32}.jpg", width=self.width)


def served(name: str) -> str:
    return f"https://kurier.example/bilder/{name}"


SHOWN = served(f"{'ab' * 32}.jpg")


@pytest.mark.parametrize(
    ("chosen", "shown", "warning"),
    [
        (article(), ShownPicture(url=SHOWN, width=552), ""),
        (article("theirs"), ShownPicture(url=PHOTO), ""),
        (
            article("theirs", "https://straße.example/ü.jpg"),
            ShownPicture(url="https://xn--strae-oqa.example/%C3%BC.jpg"),
            "",
        ),
        (article("plain"), None, ""),
        (article("unknown"), None, ""),
        (article(image_url=None), None, ""),
        (article(image_url="https://cdn.example/gone.jpg"), None, "'Ein Titel' goes without its picture: https://cdn"),
        (article(image_url="javascript:alert(1)"), None, "is no web address"),
        (article("theirs", "data:image/png;base64,AA"), None, "is no web address"),
    ],
)
def test_a_source_decides_what_is_shown(chosen: Article, shown: ShownPicture | None, warning: str) -> None:
    report = fetch_pictures([chosen], IMAGES, (), Host(), served)
    assert report.shown.get(chosen.image_url or "") == shown
    assert bool(report.warnings) is bool(warning)
    assert all(warning in said for said in report.warnings)
    (done,) = with_pictures([chosen], IMAGES, report)
    assert (done.picture, done.picture_width) == ((shown.url, shown.width) if shown else ("", 0))


def test_each_is_fetched_once_and_not_again_for_the_same_edition() -> None:
    host = Host(width=300)
    chosen = [article(title="A"), article(title="B"), article(image_url="https://cdn.example/b.jpg")]
    report = fetch_pictures(chosen, IMAGES, (), host, served)
    assert sorted(host.asked) == [PHOTO, "https://cdn.example/b.jpg"]
    assert {picture.width for picture in report.shown.values()} == {300}
    again = fetch_pictures(chosen, IMAGES, with_pictures(chosen, IMAGES, report), host, served)
    assert len(host.asked) == 2
    assert dict(again.shown) == dict(report.shown)


def test_a_picture_that_was_remote_is_fetched_once_it_is_to_be_hosted() -> None:
    host = Host()
    fetch_pictures([article()], IMAGES, [article(picture=PHOTO)], host, served)
    assert host.asked == [PHOTO]


@pytest.mark.parametrize(("known", "alt"), [("Ein Kran", "Ein Kran"), ("", "Bild zum Artikel: Ein Titel")])
def test_every_picture_has_words(known: str, alt: str) -> None:
    (done,) = with_pictures(
        [article(picture_alt=known)], IMAGES, PicturesReport(shown={PHOTO: ShownPicture(url=SHOWN)})
    )
    assert done.picture_alt == alt


def test_only_what_was_decided_here_is_shown() -> None:
    smuggled = article("plain", picture="https://spy.example/pixel.gif")
    (done,) = with_pictures([smuggled], IMAGES, PicturesReport(shown={PHOTO: ShownPicture(url=SHOWN)}))
    assert done.picture == ""
