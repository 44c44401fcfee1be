"""Turn what was moved out of a text into fields of the record."""

from __future__ import annotations

import re
from datetime import UTC, datetime

_AGENCY = re.compile(r"[(（\[]\s*([^()\[\]（）]{2,40}?)\s*[)）\]]")
_BYLINE = re.compile(
    r"^[\s*•·-]*(?:(?:written\s+)?by|von|par|por|de|di|door|przez|автор:?|yazan:?|auteur,?|author,?|"
    r"autor,?)\s+",
    re.IGNORECASE,
)
_WITH = re.compile(
    r"^(?:avec|with|mit|con|com|con información de|com informações d[aeo]|source|sources|fonte|"
    r"fuente|quelle|kaynak|źródło|источник)\s*:?\s+(?:les |l[’'])?",
    re.IGNORECASE,
)
_EDGES = " \t\n\r\u00a0\u202f-–—|•·:,*➤►>»«"


def metadata(class_: str, text: str) -> dict[str, str | list[str]]:
    """Give the fields of `clean` that a span of a class fills; none for most classes.

    A dateline fills `dateline` and, where it names one, `agency`; stamps fill `date` (an epoch as
    ISO 8601 in UTC), a byline `byline`, an agency's credit `agency`, hashtags `tags`, a tagline or
    suffix of the site `site`.
    """
    value = text.strip(_EDGES)
    if not value:
        return {}
    if class_ == "dateline":
        agency = _AGENCY.findall(value)
        return {"dateline": value, **({"agency": agency[-1]} if agency else {})}
    if class_ == "date_stamp":
        return {"date": re.sub(r"^date[\s:]+", "", value, flags=re.IGNORECASE)}
    if class_ == "epoch":
        seconds = int(value[:10])
        return {"date": datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")}
    if class_ == "byline":
        return {"byline": _BYLINE.sub("", value) or value}
    if class_ == "agency_credit":
        return {"agency": _WITH.sub("", value.strip("()[]（） "))}
    if class_ == "hashtags":
        return {"tags": [tag for tag in re.split(r"[\s#＃,;]+", value) if tag]}
    if class_ == "site_suffix":
        return {"site": value}
    if class_ == "site_tagline":
        return {"site": re.split(r"\s+[-–—|•·➤►▶»:]\s+", value)[0].strip(_EDGES)}
    return {}
