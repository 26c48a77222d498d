"""Package managers: what is new to the project, and tools that are fetched in order to be run."""

from dataclasses import replace

from assent.core.risk.arguments import Arguments
from assent.core.risk.findings import Runs, Use
from assent.core.risk.look import UNKNOWN_PROGRAM, InnerCode, InnerCommand, Look
from assent.core.risk.meanings import MEANINGS
from assent.core.risk.names import names
from assent.core.risk.paths import shown
from assent.core.risk.shell import Word

_NODE_TOOLS = names(
    "eslint tsc prettier vitest jest playwright cypress mocha ava tap jasmine karma nyc c8 biome"
    " prisma drizzle-kit knex sequelize-cli sequelize typeorm next nuxt nuxi vite rollup webpack"
    " esbuild swc tsup parcel turbo nx lerna ng nest astro remix gatsby svelte-kit svelte-check"
    " vue-tsc storybook expo eas react-native tsx ts-node ts-node-dev tsnd gh-pages surge"
    " nodemon concurrently cross-env dotenv"
    " env-cmd husky lint-staged changeset semantic-release release-it rimraf stylelint commitlint"
    " typedoc jsdoc tailwindcss postcss sass autoprefixer depcheck knip madge npm-check-updates ncu"
    " npm-run-all run-s run-p wait-on serve http-server live-server json-server graphql-codegen"
    " openapi-typescript openapi-generator-cli redocly spectral swagger-cli markdownlint"
    " markdownlint-cli2 cspell alex textlint size-limit source-map-explorer bundlesize"
    " ts-prune tsc-alias tsc-watch vite-node oxlint xo standard tslint jscodeshift wtr"
    " web-ext electron electron-builder electron-forge tauri cap wrangler vercel netlify firebase"
    " serverless sls cdk sst pm2 zx ember quasar docusaurus vitepress vuepress eleventy hexo"
    " husky publint attw syncpack manypkg sort-package-json license-checker eslint_d prettierd"
    " pyright html-validate lighthouse lhci pa11y axe percy chromatic msw plop hygen rush"
    " supabase convex contentlayer velite panda typechain hardhat truffle web3 tsd dpdm"
    " swagger-typescript-api ntl uvu zod nps-utils ts-patch api-extractor stryker vue-cli-service"
    " react-scripts craco rsbuild rspack farm unbuild bob pkgroll microbundle stencil lit-analyzer"
    " cucumber-js wdio testcafe nightwatch detox puppeteer newman artillery autocannon k6"
    " node-pg-migrate db-migrate graphile-migrate mikro-orm kysely dbmate migrate-mongo np"
    " stylelint-config tsoa nswag orval buf ts-proto typia hereby gulp grunt jake brunch"
    " asar node-gyp prebuildify napi neon-cli wasm-pack asc bun pnpm npm yarn corepack"
    " node tsgo snyk retire is-ci only-allow patch-package husky-init browserslist"
    " update-browserslist-db caniuse svgo imagemin terser uglifyjs cleancss purgecss critters"
)
_NODE_PACKAGES = {
    "typescript": "tsc",
    "@biomejs/biome": "biome",
    "@playwright/test": "playwright",
    "@angular/cli": "ng",
    "@nestjs/cli": "nest",
    "@changesets/cli": "changeset",
    "@commitlint/cli": "commitlint",
    "@redocly/cli": "redocly",
    "@stoplight/spectral-cli": "spectral",
    "@graphql-codegen/cli": "graphql-codegen",
    "@openapitools/openapi-generator-cli": "openapi-generator-cli",
    "@storybook/cli": "storybook",
    "@arethetypeswrong/cli": "attw",
    "@tauri-apps/cli": "tauri",
    "@capacitor/cli": "cap",
    "@expo/cli": "expo",
    "@sveltejs/kit": "svelte-kit",
    "@vue/cli-service": "vue-cli-service",
    "@microsoft/api-extractor": "api-extractor",
    "@tailwindcss/cli": "tailwindcss",
    "@11ty/eleventy": "eleventy",
    "@stryker-mutator/core": "stryker",
    "@cucumber/cucumber": "cucumber-js",
    "@mikro-orm/cli": "mikro-orm",
    "dotenv-cli": "dotenv",
    "markdownlint-cli": "markdownlint",
    "webpack-cli": "webpack",
    "eas-cli": "eas",
    "eas-cli-local": "eas",
    "vercel": "vercel",
    "netlify-cli": "netlify",
    "firebase-tools": "firebase",
    "aws-cdk": "cdk",
}
_PYTHON_TOOLS = names(
    "ruff black mypy pytest pre-commit isort flake8 pylint pyright basedpyright bandit coverage"
    " tox nox twine build mkdocs sphinx-build cookiecutter copier pip-audit pip-compile pip-tools"
    " pyupgrade autoflake autopep8 yapf vulture codespell yamllint djlint sqlfluff interrogate"
    " poetry pdm hatch pipenv virtualenv httpie ipython jupyter commitizen cz bump-my-version"
    " bumpversion towncrier reuse check-jsonschema deptry radon xenon pydocstyle darglint"
    " pyproject-build alembic"
    " maturin cibuildwheel ty pyrefly zizmor slotscheck refurb pyflakes pycodestyle"
    " validate-pyproject pyproject-fmt taplo licensecheck scalene py-spy memray snakeviz locust"
    " schemathesis semgrep detect-secrets safety mutmut cosmic-ray hypothesis invoke poethepoet poe"
)
_PYTHON_PACKAGES = {"build": "pyproject-build", "pip-tools": "pip-compile", "poethepoet": "poe"}
_GO_TOOLS = names(
    "golangci-lint gofumpt goimports staticcheck govulncheck gotestsum mockgen stringer sqlc buf"
    " templ air goreleaser wire swag gci revive errcheck ineffassign golines gosec deadcode"
    " protoc-gen-go moq mockery enumer gqlgen oapi-codegen ginkgo benchstat pkgsite godoc gopls"
    " modernize fieldalignment shadow nilaway betteralign tparse gotests impl gomodifytags"
)
_INSTALLERS = names("pip setuptools wheel npm yarn pnpm uv build")
"""What installs the rest: a newer one of them adds nothing to the project."""


def is_node_tool(name: str) -> bool:
    """Whether a program of this name is a well-known tool of the npm registry."""
    return name in _NODE_TOOLS


def read_fetched(look: Look, found: Arguments) -> bool:
    """`npx TOOL…`, `uvx TOOL…`: a known tool is that tool; another is fetched and run unseen."""
    python = look.name.rsplit("/", 1)[-1] in ("uv", "uvx", "pipx", "hatch")
    for value in found.values:
        if value.use == "shell":
            look.inner.append(InnerCode("shell", value.word, value.text))
        elif value.flag in ("-p", "--package", "--from", "--spec", "--with", "-w"):
            _need_known(look, value.word, value.text, python=python)
    if not found.tail:
        look.means(MEANINGS["inert"])
        return True
    first, *rest = found.tail
    program = _program(first.text, python=python)
    if program:
        look.inner.append(InnerCommand((replace(first, text=program), *rest)))
    else:
        _run_own_or_unknown(look, first)
    return True


def _need_known(look: Look, word: Word, text: str | None, *, python: bool) -> None:
    for name in (text or "").split(","):
        if not _program(name, python=python):
            look.act(
                "install", f"fetches {shown(name or 'a package')} in order to run it", words=[word]
            )


def _run_own_or_unknown(look: Look, first: Word) -> None:
    """A tool that is not known: the project may have it, else it is fetched."""
    text = first.text
    if text is None or "://" in text or text.startswith(("git+", "github:", "git@")):
        look.act("code", "fetches and runs something that is known only then", words=[first])
        return
    if text.startswith((".", "/", "~")):
        look.touch(first, Use.RUN)
        return
    name = _without_version(text)
    what = f"fetches and runs {shown(text)}, a package that is not known here"
    look.runs(UNKNOWN_PROGRAM, what, words=[first])
    last = look.found.pop()
    if isinstance(last, Runs):
        program = (name.rsplit("/", 1)[-1],) if name == text else ()
        look.found.append(replace(last, evidence=replace(last.evidence, program=program)))


def _without_version(text: str) -> str:
    """`eslint@8` and `ruff==0.5` name `eslint` and `ruff`; `@scope/name@1` keeps its scope."""
    scope, at, rest = ("@", "@", text[1:]) if text.startswith("@") else ("", "", text)
    name = rest.partition("@")[0].partition("=")[0].partition("[")[0].rstrip("<>~!")
    return f"{scope}{name}" if at else name


def _program(text: str | None, *, python: bool) -> str:
    """The program of a known package; empty for one that is not known."""
    name = _without_version(text or "")
    if python:
        return _PYTHON_PACKAGES.get(name, name) if name in _PYTHON_TOOLS else ""
    return _NODE_PACKAGES.get(name, name if name in _NODE_TOOLS else "")


def read_install(look: Look, found: Arguments) -> bool:
    """`npm install`, `pip install -r FILE`: nothing new; with a name it is."""
    new = [word for word in found.operands if not _is_known(word.text)]
    for word in new:
        if _is_own(word.text):
            look.touch(word, Use.RUN, (word.text or "").partition("[")[0])
        else:
            named = shown(word.text or "a package that is known only when it runs")
            look.act("install", f"adds {named} to what is installed", words=[word])
    for value in found.values:
        if value.use in ("read", "run") and (_is_remote(value.text) or _is_fresh(value.text)):
            look.act("install", "installs what a file from elsewhere names", words=[value.word])
    return False


def _is_fresh(text: str | None) -> bool:
    """A file that holds what another command printed, or that nobody keeps."""
    return text is not None and text.startswith(("/dev/", "/tmp/", "/var/tmp/", "/private/tmp/"))


def _is_known(text: str | None) -> bool:
    """What installs packages, or a package of this very workspace."""
    return _without_version(text or "") in _INSTALLERS or any(
        f"@{place}:" in (text or "") for place in ("workspace", "link", "portal")
    )


def _is_own(text: str | None) -> bool:
    """A folder or a file, not a name for the registry."""
    if text is None or _is_remote(text):
        return False
    return text.startswith((".", "/", "~", "file:")) or text.endswith((".whl", ".tgz", ".tar.gz"))


def _is_remote(text: str | None) -> bool:
    return text is None or "://" in text or text.startswith(("git+", "git@", "github:"))


def read_remove(look: Look, found: Arguments) -> bool:
    """`pip uninstall NAME`: what is installed goes; no manifest says which version it was."""
    look.act("service", f"removes what is installed ({look.said})")
    return bool(found.operands)


def read_go_run(look: Look, found: Arguments) -> bool:
    """`go run PACKAGE…`: a folder or files of the project, or a module that may be fetched."""
    first = found.tail[0] if found.tail else None
    text = first.text if first is not None else "."
    if first is None or text is None:
        look.act("code", "runs Go code that is known only when it runs")
        return True
    for value in found.values:
        if value.use == "folder":
            look.touch(value.word, Use.LIST)
    if text.endswith(".go") or text.startswith((".", "/", "~")):
        _run_go_files(look, found.tail)
        return True
    module, _, version = text.partition("@")
    parts = [part for part in module.split("/") if not (part[:1] == "v" and part[1:].isdigit())]
    if parts and parts[-1] in _GO_TOOLS:
        look.inner.append(InnerCommand((replace(first, text=parts[-1]), *found.tail[1:])))
    elif version:
        what = f"fetches and runs {shown(text)}, a module that is not known here"
        look.runs(UNKNOWN_PROGRAM, what, words=[first])
    else:
        look.means(MEANINGS["project-run"])
    return True


def _run_go_files(look: Look, words: tuple[Word, ...]) -> None:
    for place, word in enumerate(words):
        if place > 0 and not (word.text or "").endswith(".go"):
            return
        look.touch(word, Use.RUN)


def read_uv_run(look: Look, found: Arguments) -> bool:
    """`uv run WORD…`: a file, a module, or a program of the project's environment."""
    module: Word | None = None
    for value in found.values:
        if value.flag == "--with":
            _need_known(look, value.word, value.text, python=True)
        elif value.flag in ("-m", "--module"):
            module = value.word
        elif value.use in ("read", "list"):
            look.touch(value.word, Use(value.use), value.text)
            if _is_remote(value.text):
                look.act("install", "installs what an address names", words=[value.word])
    first = found.tail[0] if found.tail else None
    python = replace(look.words[0], text="python")
    if module is not None:
        look.inner.append(InnerCommand((python, replace(module, text="-m"), module, *found.tail)))
    elif first is None:
        look.means(MEANINGS["inert"])
    elif first.text is None or first.text == "-" or _is_remote(first.text):
        look.inner.append(
            InnerCommand((python, *found.tail)) if first.text == "-" else _code(first)
        )
    elif found.flags & {"-s", "--script"} or first.text.endswith((".py", ".pyw")):
        look.inner.append(InnerCommand((python, *found.tail)))
    else:
        look.inner.append(InnerCommand(found.tail))
    return True


def _code(word: Word) -> InnerCode:
    return InnerCode("python", word, None)


def read_formatter(look: Look, found: Arguments) -> bool:
    """`gofmt -w FILE…` writes what it otherwise only prints."""
    writes = found.flags & {"-w", "-i", "--write", "--in-place", "--inplace", "--fix", "-fix"}
    look.touch_all(found.operands, Use.WRITE if writes else Use.READ)
    if not found.operands:
        look.means(MEANINGS["work" if writes else "read"])
    return True
