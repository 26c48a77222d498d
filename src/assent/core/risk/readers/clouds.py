"""Clouds: copies between a bucket and this machine, and plain requests to a cloud."""

from assent.core.risk.arguments import Arguments
from assent.core.risk.findings import Use
from assent.core.risk.look import Look
from assent.core.risk.meanings import MEANINGS
from assent.core.risk.readers.network import Request, judge
from assent.core.risk.shell import Word

_BUCKETS = ("s3://", "gs://", "http://", "https://", "oci://", "b2://")


def read_bucket_copy(look: Look, found: Arguments) -> bool:
    """`aws s3 cp SOURCE TARGET`: what ends here is a download, what ends there is not."""
    if len(found.operands) != 2:
        return False
    source, target = found.operands
    if not _in_bucket(source) and source.text != "-":
        look.touch(source, Use.SEARCH)
    if _in_bucket(target) or target.text is None:
        return False
    if target.text != "-":
        look.touch(target, Use.WRITE)
    look.means(MEANINGS["network-read"])
    return True


def _in_bucket(word: Word) -> bool:
    text = word.text if word.text is not None else word.prefix
    return text.startswith(_BUCKETS)


def read_web_call(look: Look, found: Arguments) -> bool:
    """A request in the name of an account: its method tells what it does."""
    request = Request(urls=list(found.operands))
    for value in found.values:
        if value.flag in ("-m", "--method", "-X"):
            request.method = value.text.upper() if value.text is not None else None
        elif value.flag in ("-u", "--uri", "--url"):
            request.urls.append(value.word)
        elif value.flag in ("-b", "--body", "-d", "--data", "--headers"):
            request.sends.append(value.word)
            if value.text is not None and value.text.startswith("@"):
                request.files.append((value.word, value.text[1:]))
        elif value.use == "write":
            look.touch(value.word, Use.WRITE, value.text)
    judge(look, request)
    return True
