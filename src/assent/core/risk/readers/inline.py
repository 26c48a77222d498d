"""Short code given on a command line: which of it only computes and prints.

Names are allowed one by one, so that what is not known here is run-of-the-mill code that is asked
about. Nothing is executed, and texts longer than `LIMIT` are not read.
"""

import re

from assent.core.risk.names import names

LIMIT = 2_000

_JS_TOKEN = re.compile(
    r"""\s+ | //[^\n]* | /\*.*?\*/
    | (?P<string>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\$]|\$(?!\{))*`)
    | (?P<number>0x[0-9a-fA-F]+|\d[\d_]*(?:\.\d+)?(?:e[+-]?\d+)?n?)
    | (?P<spread>\.\.\.)
    | (?P<name>\??\.?\s*[A-Za-z_$][\w$]*(?P<key>\s*:)?)
    | (?P<mark>=>|[-+*%<>=!&|?:;,.(){}^~\]\[])
    """,
    re.VERBOSE | re.DOTALL,
)
_JS_INDEX = re.compile(r"""\[\s*(?:\d+|"[\w. -]*"|'[\w. -]*')\s*\]""")
_JS_BEFORE_ARRAY = names("return of in case typeof new else")
_JS_ROOTS = names(
    "console JSON Math Object Array String Number Boolean Date Map Set Symbol BigInt Intl RegExp"
    " parseInt parseFloat isNaN isFinite encodeURIComponent decodeURIComponent undefined null true"
    " false NaN Infinity const let var return if else for of in while new typeof void function"
    " break continue switch case default throw try catch finally Error TypeError async await"
)
_JS_PROCESS = names("version versions platform arch uptime hrtime memoryUsage argv cwd pid title")
_JS_BAD = names(
    "constructor __proto__ prototype eval Function process require import global globalThis"
    " module exports child_process setTimeout setInterval setImmediate fetch WebAssembly Deno Bun"
    " Reflect Proxy window self this arguments apply call bind caller callee defineProperty"
    " __defineGetter__ __defineSetter__ __lookupGetter__ getPrototypeOf setPrototypeOf with env"
)
_JS_PROCESS_READ = re.compile(r"\bprocess\s*\.\s*(\w+)(?!\w)")
_JS_REQUIRE = re.compile(
    r"""\brequire\(\s*(["'])(\.{1,2}/[\w./-]+\.json|(?:node:)?(?:path|os|util|url|assert|querystring))\1\s*\)"""
)
_JS_DECLARED = re.compile(
    r"\b(?:const|let|var|function)\s+([A-Za-z_$][\w$]*)|([A-Za-z_$][\w$]*)\s*=>|\(([\w$,\s]*)\)\s*=>"
)

_STRING = r"""(?:"(?:\\.|[^"\\#$@`])*"|'(?:\\.|[^'\\])*')"""
_NUMBERS = r"[\d\s.+*/%()-]+"
_PRINTED = rf"(?:{_STRING}|{_NUMBERS})(?:\s*[,.]\s*(?:{_STRING}|{_NUMBERS}))*"
_CONSTANTS = {
    "ruby": r"RUBY_VERSION|RUBY_PLATFORM|Gem::VERSION",
    "php": r"PHP_VERSION|PHP_OS|PHP_EOL|phpversion\(\)|PHP_INT_MAX",
    "lua": r"_VERSION",
    "perl": r"\$\]|\$\^V|\$\^O",
    "julia": r"VERSION",
    "r": r"R\.version\.string|getRversion\(\)",
}
_VERBS = {
    "ruby": "puts|print|p|pp",
    "perl": "print|say",
    "php": "echo|print",
    "lua": "print",
    "julia": "println|print",
    "r": "print|cat",
}
_SUBSTITUTION = re.compile(
    r"""\s*(?:s|tr|y)(?P<mark>[/|#,!:])(?:\\.|(?!(?P=mark))[^\\\n])*(?P=mark)(?:\\.|(?!(?P=mark))[^\\\n])*(?P=mark)[gimsx]*
    (?:\s+(?:if|unless)\s+(?:/(?:\\.|[^/\\\n])*/[imsx]*|\$\.\s*(?:==|<=|>=|<|>)\s*\d+))?\s*(?:;|$)
    | \s*\$_\s*(?:\.gsub!|\.sub!)\(\s*/(?:\\.|[^/\\\n])*/[imx]*\s*,\s*(?:'[^'\\]*'|"[^"\\#]*")\s*\)
      \s*(?:;|$)
    | \s*(?:print|next|last)(?:\s+\$_|\s+"(?:\\n|\\t|\$\d|\$_|\$\.|[^"\\$@`])*")?
      \s+(?:if|unless)\s+(?:/(?:\\.|[^/\\\n])*/[imsx]*(?:\s*\.\.\s*/(?:\\.|[^/\\\n])*/)?|\$\.\s*(?:==|<=|>=|<|>)\s*\d+|\d+\s*\.\.\s*\d+)\s*(?:;|$)
    """,
    re.VERBOSE,
)
_RUNS_IN_TEXT = re.compile(r"@\{|\$\{|\(\?\??\{|`|#\{|@\[")


def only_prints(language: str, code: str) -> bool:
    """Whether the code computes and prints, and does nothing else."""
    if len(code) > LIMIT:
        return False
    if language == "javascript":
        return _javascript(code)
    verbs, constants = _VERBS.get(language), _CONSTANTS.get(language)
    if verbs is None or constants is None:
        return False
    what = rf"(?:{_PRINTED}|{constants})"
    statement = rf"(?:{verbs})\b\s*\(?\s*{what}(?:\s*[,.]\s*{what})*\s*\)?"
    return re.fullmatch(rf"\s*{statement}(?:\s*[;\n]\s*{statement})*\s*;?\s*", code) is not None


def substitutes(code: str) -> bool:
    """Whether code of Perl or Ruby replaces and prints lines, and does nothing else."""
    if len(code) > LIMIT or not code.strip() or _RUNS_IN_TEXT.search(code):
        return False
    place = 0
    while place < len(code):
        found = _SUBSTITUTION.match(code, place)
        if found is None or found.end() == place:
            return not code[place:].strip()
        place = found.end()
    return True


def _javascript(code: str) -> bool:
    plain = _JS_REQUIRE.sub("JSON", code)
    plain = _JS_PROCESS_READ.sub(_harmless_process, plain)
    known = _JS_ROOTS | _declared(plain)
    place, last = 0, ""
    while place < len(plain):
        found = _JS_TOKEN.match(plain, place)
        if found is None or found.end() == place or not _allows(found, known, last):
            return False
        place = found.end()
        last = found[0].strip() or last
    return True


def _harmless_process(match: re.Match[str]) -> str:
    return "Math" if match[1] in _JS_PROCESS else match[0]


def _declared(code: str) -> frozenset[str]:
    """Names that the code gives itself."""
    groups = (group for match in _JS_DECLARED.finditer(code) for group in match.groups())
    return frozenset(name for group in groups if group for name in re.split(r"[,\s]+", group))


def _allows(token: re.Match[str], known: frozenset[str], last: str) -> bool:
    name = token["name"]
    if token[0] == "[" and last[-1:].isalnum() | (last[-1:] in tuple("_$)]\"'`")):
        index = _JS_INDEX.match(token.string, token.start())
        harmless = index is not None and not any(bad in index[0] for bad in _JS_BAD)
        return last in _JS_BEFORE_ARRAY or harmless
    if name is None:
        return True
    bare = name.lstrip(".? \t\n").rstrip(": \t\n")
    if bare in _JS_BAD:
        return False
    return name.startswith((".", "?.")) or bare in known or token["key"] is not None
