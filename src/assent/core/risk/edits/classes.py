"""Classes of paths: what a file is for, told from its name and its folders.

A name is cut into words at marks and at capitals, so that `author.py` is not about `auth`; the
case and the compatibility forms of its letters make no difference.
"""

import re
import unicodedata
from enum import StrEnum
from functools import lru_cache

from assent.core.risk.names import names


class PathClass(StrEnum):
    """What a file is for. A file may be of several classes."""

    SENSITIVE = "sensitive"
    """Signing in, sessions, rights, cryptography, money."""
    GENERATED = "generated"
    """Written by a program from something else."""
    VENDORED = "vendored"
    """A copy of what others maintain."""
    DOCS = "docs"
    TESTS = "tests"
    CI = "ci"
    """What checks and delivers changes, and who must look at them."""
    INFRA = "infra"
    """What runs where: containers, clusters, clouds, machines."""
    MIGRATION = "migration"
    """Changes of a database's shape."""
    LOCKFILE = "lockfile"
    """The exact versions of what is installed."""
    MANIFEST = "manifest"
    """What the project needs and how it is built."""
    INSTRUCTIONS = "instructions"
    """What agents read as instructions."""
    POLICY = "policy-self"
    """What decides about agents: Assent's own files and the agents' settings."""


_SENSITIVE = names(
    "auth authn authz authentication authenticator authorization authorisation authorize authorise"
    " login logout signin signout signup session sessions permission permissions acl acls rbac abac"
    " oauth oauth2 openid oidc saml sso ldap jwt jwts password passwords passwd credential"
    " credentials crypto cryptography encryption encrypt decrypt decryption cipher ciphers signing"
    " payment payments payout payouts billing invoice invoices wallet checkout refund refunds"
    " stripe paypal security csrf xsrf iam mfa otp totp 2fa webauthn passkey passkeys privilege"
    " privileges secrets kms"
)
_GENERATED_FOLDERS = names("generated __generated__ dist .next .nuxt .svelte-kit autogen")
_GENERATED = re.compile(
    r".*(?:_pb2(?:_grpc)?\.pyi?|\.pb\.(?:go|cc|h)|\.min\.(?:js|css|mjs)|\.generated\.\w+|\.g\.(?:dart|cs)"
    r"|\.designer\.cs|_generated\.\w+|\.gen\.(?:go|ts|js))|zz_generated.*|.*\.bundle\.js"
)
_VENDORED_FOLDERS = names(
    "vendor vendored _vendor third_party third-party thirdparty node_modules site-packages"
    " bower_components"
)
_DOCS = re.compile(r".*\.(?:md|markdown|rst|adoc|asciidoc)")
_DOCS_NAMES = names(
    "license licence copying notice authors contributors changelog changes news readme history"
)
_DOCS_FOLDERS = names("doc docs documentation")
_TEST_FOLDERS = names(
    "test tests __tests__ __test__ spec specs testdata e2e cypress testing __snapshots__"
)
_CODE_ENDS = r"(?:py|[cm]?[jt]sx?|rb|go|rs|php|java|kts?|cs|swift|dart|exs?|lua|sh|vue|cc|cpp|c)"
_TESTS = re.compile(
    rf"test_.*\.py|.*_(?:test|spec)\.{_CODE_ENDS}|.*[.-](?:tests?|spec|e2e|cy)\.{_CODE_ENDS}"
    rf"|conftest\.py|tests?\.{_CODE_ENDS}|.*\.snap"
)
_CASED_TESTS = re.compile(r".*(?:Test|Tests|IT|Spec|Suite)\.(?:java|kt|scala|groovy|swift|cs|php)")
_CI_FOLDERS = names(
    ".github .gitlab .gitea .forgejo .circleci .buildkite .ci ci .teamcity .woodpecker"
)
_CI = re.compile(
    r"\.gitlab-ci.*\.ya?ml|jenkinsfile.*|azure-pipelines.*\.ya?ml|bitbucket-pipelines\.yml"
    r"|\.?appveyor\.yml|\.travis\.yml|\.drone\.yml|\.woodpecker\.ya?ml|\.?codecov\.ya?ml"
    r"|dependabot\.ya?ml|\.?renovate(?:rc)?(?:\.json5?)?|codeowners|\.pre-commit-config\.ya?ml"
    r"|\.?lefthook\.ya?ml|cloudbuild\.ya?ml|sonar-project\.properties|\.mergify\.ya?ml"
)
_INFRA_FOLDERS = names(
    "k8s kubernetes helm charts terraform ansible infra infrastructure deploy deployment"
    " deployments playbooks kustomize pulumi"
)
_INFRA_ENDS = names("yaml yml json tpl tmpl j2 toml conf cfg sh env hcl ini")
_INFRA = re.compile(
    r"(?:docker|container)file(?:\..+)?|.+\.(?:docker|container)file|(?:docker-)?compose.*\.ya?ml"
    r"|.+\.(?:tf|tfvars|tofu|hcl|bicep)|.+\.tf\.json|chart\.ya?ml|kustomization\.ya?ml|helmfile.*\.ya?ml"
    r"|ansible\.cfg|playbook.*\.ya?ml|vagrantfile|pulumi.*\.ya?ml|serverless\.ya?ml|skaffold\.ya?ml"
    r"|fly\.toml|render\.yaml|procfile|nginx.*\.conf|.+\.(?:service|timer|socket)|cdk\.json"
    r"|samconfig\.toml|wrangler\.(?:toml|jsonc?)|vercel\.json|netlify\.toml|app\.ya?ml|caddyfile"
)
_MIGRATION_FOLDERS = names("migrations migration migrate flyway liquibase")
_MIGRATION = re.compile(r"[vur]\d[\d._]*__.+\.sql|changelog.*\.(?:xml|sql)")
_LOCKFILES = names(
    "package-lock.json npm-shrinkwrap.json yarn.lock pnpm-lock.yaml bun.lock bun.lockb deno.lock"
    " poetry.lock uv.lock pdm.lock pipfile.lock pylock.toml conda-lock.yml cargo.lock go.sum"
    " gemfile.lock composer.lock gradle.lockfile packages.lock.json podfile.lock package.resolved"
    " mix.lock pubspec.lock flake.lock .terraform.lock.hcl conan.lock"
)
_MANIFESTS = names(
    "package.json pyproject.toml setup.py setup.cfg pipfile go.mod go.work cargo.toml gemfile"
    " composer.json pom.xml build.gradle build.gradle.kts settings.gradle settings.gradle.kts"
    " libs.versions.toml deno.json deno.jsonc environment.yml environment.yaml mix.exs"
    " pubspec.yaml package.swift podfile conanfile.txt conanfile.py vcpkg.json"
    " directory.packages.props pnpm-workspace.yaml build.sbt rebar.config dune-project"
)
_MANIFEST = re.compile(
    r"(?:requirements|constraints).*\.(?:txt|in)|.+\.(?:csproj|fsproj|gemspec|cabal)"
)
_INSTRUCTIONS = names(
    "agents.md agent.md claude.md claude.local.md gemini.md copilot-instructions.md .cursorrules"
    " .windsurfrules .clinerules .goosehints skill.md agents.override.md"
)
_INSTRUCTION = re.compile(r".+\.(?:mdc|prompt\.md|instructions\.md|chatmode\.md|agent\.md)")
_INSTRUCTION_FOLDERS = names("prompts skills")
_POLICY_FOLDERS = names(
    ".assent .claude .codex .gemini .copilot .opencode .cursor .clinerules .windsurf"
)
_POLICY = names("opencode.json opencode.jsonc .claude.json .mcp.json")
_PROJECT_SETTINGS = ("/.github/hooks/", "/.github/copilot/")

_WORDS = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")


def classes_of(path: str) -> frozenset[PathClass]:
    """What the file at `path` is for; empty for ordinary code. `path` is from the workspace."""
    return _classes(path)


@lru_cache(maxsize=4096)
def _classes(path: str) -> frozenset[PathClass]:
    plain = unicodedata.normalize("NFKC", path).replace("\\", "/")
    parts = [part.rstrip(" .") for part in plain.split("/") if part not in ("", ".")]
    if not parts:
        return frozenset()
    folders = frozenset(part.casefold() for part in parts[:-1])
    found = _by_folder(folders, parts[-1].casefold()) | _by_name(parts[-1], folders)
    if any(below in f"/{'/'.join(parts).casefold()}" for below in _PROJECT_SETTINGS):
        found |= {PathClass.POLICY}
    quiet = {PathClass.DOCS, PathClass.TESTS, PathClass.GENERATED, PathClass.VENDORED}
    if not found & quiet and not _SENSITIVE.isdisjoint(_words(parts)):
        found |= {PathClass.SENSITIVE}
    return frozenset(found)


def _by_folder(folders: frozenset[str], name: str) -> set[PathClass]:
    table = (
        (PathClass.GENERATED, _GENERATED_FOLDERS),
        (PathClass.VENDORED, _VENDORED_FOLDERS),
        (PathClass.TESTS, _TEST_FOLDERS),
        (PathClass.CI, _CI_FOLDERS),
        (PathClass.MIGRATION, _MIGRATION_FOLDERS),
        (PathClass.POLICY, _POLICY_FOLDERS),
    )
    found = {kind for kind, known in table if not known.isdisjoint(folders)}
    ending = name.rsplit(".", 1)[-1]
    if ending in _INFRA_ENDS and not _INFRA_FOLDERS.isdisjoint(folders):
        found.add(PathClass.INFRA)
    if ending == "md" and not _INSTRUCTION_FOLDERS.isdisjoint(folders):
        found.add(PathClass.INSTRUCTIONS)
    if {"alembic", "versions"} <= folders:
        found.add(PathClass.MIGRATION)
    return found


def _by_name(name: str, folders: frozenset[str]) -> set[PathClass]:
    low = name.casefold()
    stem = low.rsplit(".", 1)[0] if low.endswith(".txt") else low
    prose = bool(_DOCS.fullmatch(low)) or stem in _DOCS_NAMES
    prose |= low.endswith(".txt") and not _DOCS_FOLDERS.isdisjoint(folders)
    manifest = low in _MANIFESTS or bool(_MANIFEST.fullmatch(low))
    requirements = low.endswith((".txt", ".in")) and "requirements" in folders
    told = {
        PathClass.MANIFEST: manifest or requirements,
        PathClass.DOCS: prose and not manifest,
        PathClass.GENERATED: bool(_GENERATED.fullmatch(low)),
        PathClass.TESTS: bool(_TESTS.fullmatch(low) or _CASED_TESTS.fullmatch(name)),
        PathClass.CI: bool(_CI.fullmatch(low)),
        PathClass.INFRA: bool(_INFRA.fullmatch(low)),
        PathClass.MIGRATION: bool(_MIGRATION.fullmatch(low)),
        PathClass.LOCKFILE: low in _LOCKFILES,
        PathClass.INSTRUCTIONS: low in _INSTRUCTIONS or bool(_INSTRUCTION.fullmatch(low)),
        PathClass.POLICY: low in _POLICY | _POLICY_FOLDERS,
    }
    return {kind for kind, holds in told.items() if holds}


def _words(parts: list[str]) -> frozenset[str]:
    """The words of all names of a path: of `src/userAuth/index.ts` also `user` and `auth`."""
    found: set[str] = set()
    for part in parts:
        stem = part.rsplit(".", 1)[0] if "." in part[1:] else part
        for piece in re.split(r"[^A-Za-z0-9]+", stem):
            words = _WORDS.findall(piece.replace("OAuth", "Oauth"))
            found.update(
                form for word in words for form in (word.lower(), word.lower().rstrip("0123456789"))
            )
            found.add(piece.lower())
    return frozenset(found)
