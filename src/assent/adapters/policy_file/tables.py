"""The tables of a policy file, as pydantic reads and describes them."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag

from assent.adapters.policy_file.values import (
    Amount,
    AskInWord,
    BaseUrl,
    Branch,
    BranchGlob,
    ClassWord,
    Duration,
    EffectWord,
    FormatWord,
    Glob,
    Inner,
    Kind,
    Member,
    ModelName,
    ModeWord,
    Name,
    Needed,
    PathClassWord,
    PathWord,
    Pattern,
    Person,
    ProfileWord,
    Program,
    RollbackWord,
    RouteWord,
    ScopeText,
    SeverityWord,
    ShellText,
    SignWord,
    Span,
    Step,
    TeamName,
    Then,
    TierWord,
    Tool,
    UnexplainedWord,
    VariableName,
    Who,
    Zone,
)
from assent.core.canonical import digest_of
from assent.core.policy.model import AskIn, Handing, Mode, Policy, Review

DEFAULTS = Policy(digest=digest_of(b""))
"""What holds where a file says nothing."""


class Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def _some(about: str) -> object:
    return Field(min_length=1, description=about)


class Asking(Table):
    """How a person is asked."""

    reviewers: Annotated[list[Person] | None, _some("Who may decide.")] = None
    quorum: Annotated[int | None, Field(ge=1, le=9, description="How many have to approve.")] = None
    on_timeout: Annotated[
        Then | None, Field(description="`deny`, or `ask:` and who is asked when time is up.")
    ] = None
    remember: Annotated[
        Duration | None, Field(description="How long the same action passes after an approval.")
    ] = None
    rollback: Annotated[
        RollbackWord | None, Field(description="Whether high risk needs a way back to be asked.")
    ] = None
    needs: Annotated[
        list[Needed] | None,
        Field(min_length=1, max_length=9, description="Who else has to agree: `2 of @security`."),
    ] = None
    separate: Annotated[
        bool | None, Field(description="Whether whoever runs the agent does not approve.")
    ] = None
    sign: Annotated[
        SignWord | None, Field(description="Whether approvals are signed by a person's own key.")
    ] = None
    remind: Annotated[
        Duration | None, Field(description="How often those who have not answered are reminded.")
    ] = None
    ladder: Annotated[
        list[Step] | None,
        Field(min_length=1, max_length=9, description="Who may decide, too, and after how long."),
    ] = None
    advice: Annotated[
        str | None,
        Field(min_length=1, max_length=500, description="For the agent, when nobody answers."),
    ] = None


class Ask(Asking):
    wait: Annotated[Duration, Field(description="How long an agent is held.")] = DEFAULTS.wait_ms
    headless_wait: Annotated[
        Duration | None, Field(description="The same with nobody at its prompt.")
    ] = None
    expires: Annotated[Duration, Field(description="When a question is denied.")] = (
        DEFAULTS.expires_ms
    )
    repeat_rejection: Annotated[
        Duration, Field(description="How long a rejected call is refused without asking.")
    ] = DEFAULTS.repeat_rejection_ms
    in_: Annotated[AskInWord, Field(alias="in", description="Where people are asked.")] = (
        AskIn.INBOX.value
    )


class RuleTable(Asking):
    name: Annotated[Name, Field(description="Shown wherever the rule decided.")]
    route: Annotated[RouteWord, Field(description="What is done about the action.")]
    kinds: Annotated[list[Kind], _some("Of the action.")] = []
    effects: Annotated[list[EffectWord], _some("Of a reason.")] = []
    classes: Annotated[list[ClassWord], _some("Of the action.")] = []
    at_least: Annotated[ClassWord | None, Field(description="This class or a worse one.")] = None
    programs: Annotated[list[Program], _some("First words of a command.")] = []
    tools: Annotated[list[Tool], _some("`server/tool`.")] = []
    paths: Annotated[list[Glob], _some("Globs from the workspace's root.")] = []
    path_classes: Annotated[list[PathClassWord], _some("What the file is for.")] = []
    scopes: Annotated[list[ScopeText], _some("Outward effects: act and target.")] = []
    agents: Annotated[list[str], _some("Names as in `assent agents list`.")] = []
    modes: Annotated[list[ModeWord], _some("How much the run may do by itself.")] = []
    branches: Annotated[list[BranchGlob], _some("Checked out in the workspace.")] = []
    hours: Annotated[list[Span], _some("In the policy's time zone.")] = []
    cost_over: Annotated[Amount | None, Field(description="What costs more fits.")] = None
    tier: Annotated[TierWord | None, Field(description="What the hand has to do.")] = None
    wait: Annotated[Duration | None, Field(description="As in `[ask]`.")] = None
    expires: Annotated[Duration | None, Field(description="As in `[ask]`.")] = None


class AutonomyTable(Table):
    default: Annotated[ModeWord, Field(description="Of every agent.")] = Mode.SUPERVISED.value
    agents: Annotated[dict[str, ModeWord], Field(description="Of single agents.")] = {}
    allow: Annotated[
        list[ModeWord], Field(description="Modes that HUMAN_IN_LOOP=false may choose.")
    ] = []


class ReviewTable(Table):
    rejections: Annotated[int, Field(ge=1, le=1000, description="After so many, stop.")]
    within: Annotated[Duration, Field(description="Counted over this time.")] = Review().within_ms
    then: Annotated[Then, Field(description="`deny`, or `ask:` and who decides.")] = ()


class TeamTable(Table):
    name: Name
    forbid: Annotated[Pattern | None, Field(description="A pattern of lines not to add.")] = None
    instead_of: Annotated[
        str | None, Field(min_length=1, max_length=100, description="What not to use.")
    ] = None
    use: Annotated[
        str | None, Field(min_length=1, max_length=100, description="What to use instead.")
    ] = None
    message: Annotated[
        str | None, Field(min_length=1, max_length=500, description="What agents are told.")
    ] = None
    paths: Annotated[list[Glob], _some("Only in these files.")] = []


class PriceTable(Table):
    amount: Annotated[Amount, Field(description="What each call costs.")]
    programs: Annotated[list[Program], _some("First words of a command.")] = []
    tools: Annotated[list[Tool], _some("`server/tool`.")] = []


class BudgetTable(Table):
    per_day: Annotated[Amount | None, Field(description="For all agents together.")] = None
    per_agent: Annotated[Amount | None, Field(description="For each agent and day.")] = None
    currency: Annotated[str, Field(max_length=10, description="Shown beside amounts.")] = ""
    price: Annotated[list[PriceTable], Field(description="What calls cost.")] = []


class OwnersTable(Table):
    paths: Annotated[list[Glob], _some("Globs from the workspace's root.")]
    people: Annotated[list[Who], _some("Who answers for them.")]


class DelegationTable(Table):
    longest: Annotated[Duration, Field(description="How long one may decide for another.")] = (
        Handing().longest_ms
    )
    worst: Annotated[ClassWord, Field(description="Up to this class.")] = Handing().worst.word
    allowed: Annotated[bool, Field(description="Whether anybody may.")] = True


class PathsTable(Table):
    trivial: PathWord | None = None
    low: PathWord | None = None
    medium: PathWord | None = None
    high: PathWord | None = None
    irreversible: PathWord | None = None


Lines = Annotated[int, Field(ge=1, le=1_000_000)]


class LinesTable(Table):
    trivial: Lines | None = None
    low: Lines | None = None
    medium: Lines | None = None
    high: Lines | None = None
    irreversible: Lines | None = None


NeedsOfClass = Annotated[list[Needed], Field(min_length=1, max_length=9)]


class NeedsTable(Table):
    trivial: NeedsOfClass | None = None
    low: NeedsOfClass | None = None
    medium: NeedsOfClass | None = None
    high: NeedsOfClass | None = None
    irreversible: NeedsOfClass | None = None


class SignTable(Table):
    trivial: SignWord | None = None
    low: SignWord | None = None
    medium: SignWord | None = None
    high: SignWord | None = None
    irreversible: SignWord | None = None


ALL, EACH = ":all", ":each"
TAGS = frozenset({ALL, EACH, "[key]"})
"""Parts of the places of errors that stand in no file: one value for all classes, or a table; and
that it is about a key itself."""


def _for_classes(value: object) -> str:
    return EACH if isinstance(value, (dict, Table)) else ALL


class CheckTable(Table):
    name: Annotated[Name, Field(description="Shown beside what it finds.")]
    command: Annotated[ShellText, Field(description="`{paths}` stands for the changed files.")]
    format: Annotated[FormatWord, Field(description="What it prints.")] = "plain"
    severity: Annotated[SeverityWord, Field(description="Where it does not say one.")] = "warning"
    fails: Annotated[bool, Field(description="Whether what it finds wants a person.")] = True
    paths: Annotated[list[Glob], _some("Only for these files.")] = []


class ModelTable(Table):
    model: Annotated[ModelName, Field(description="Provider and model.")]
    base_url: Annotated[BaseUrl | None, Field(description="Of the provider's API.")] = None
    key_env: Annotated[
        VariableName | None, Field(description="Variable of Assent that holds the key.")
    ] = None
    timeout: Annotated[Duration, Field(description="For one review.")] = 120_000
    floor: Annotated[
        float, Field(ge=0, le=1, description="Share of known-bad changes it has to catch.")
    ] = 0.7


class ChangesTable(Table):
    target: Annotated[Branch | None, Field(description="The branch to merge into.")] = None
    test: Annotated[ShellText | None, Field(description="Has to pass before a merge.")] = None
    test_timeout: Annotated[Duration | None, Field(description="For one run of it.")] = None
    retries: Annotated[
        int | None, Field(ge=0, le=5, description="How often a failed run is repeated.")
    ] = None
    sandbox: Annotated[
        bool | None, Field(description="Whether tests run in a sandbox or not at all.")
    ] = None
    share: Annotated[
        list[Inner] | None, Field(max_length=20, description="Ignored folders that tests need.")
    ] = None
    window: Annotated[
        int | None, Field(ge=1, le=16, description="Most changes tested at once.")
    ] = None
    iterations: Annotated[
        int | None, Field(ge=1, le=100, description="After so many returns a person looks.")
    ] = None
    reviewers: Annotated[list[Person] | None, _some("Who may accept.")] = None
    quorum: Annotated[
        int | None, Field(ge=1, le=9, description="How many of them have to accept.")
    ] = None
    needs: Annotated[
        Annotated[NeedsOfClass, Tag(ALL)] | Annotated[NeedsTable, Tag(EACH)],
        Discriminator(_for_classes),
        Field(description="Who else has to accept: of all classes, or of each."),
    ] = NeedsTable()
    separate: Annotated[
        bool | None, Field(description="Whether who made a change does not accept it.")
    ] = None
    sign: Annotated[
        Annotated[SignWord, Tag(ALL)] | Annotated[SignTable, Tag(EACH)],
        Discriminator(_for_classes),
        Field(description="Whether an acceptance has to be signed: of all classes, or of each."),
    ] = SignTable()
    unexplained: Annotated[
        UnexplainedWord | None, Field(description="When files change that no call explains.")
    ] = None
    paths: Annotated[PathsTable, Field(description="What each class has to pass.")] = PathsTable()
    lines: Annotated[LinesTable, Field(description="Most changed lines of each class.")] = (
        LinesTable()
    )
    check: Annotated[list[CheckTable], Field(description="The project's own checks.")] = []
    model: Annotated[ModelTable | None, Field(description="The model that reviews.")] = None


class File(Table):
    """Assent's policy for one repository: `.assent/policy.toml`."""

    profile: Annotated[ProfileWord, Field(description="The rules that are there already.")] = "solo"
    timezone: Annotated[Zone | None, Field(description="Of hours and days; UTC if left out.")] = (
        None
    )
    ask: Ask = Ask()
    teams: Annotated[
        dict[TeamName, Annotated[list[Member], _some("Names of people.")]],
        Field(description="People by the team's name, which policies write with `@` before it."),
    ] = {}
    owners: Annotated[
        list[OwnersTable], Field(description="Who answers for files; of several the last one.")
    ] = []
    codeowners: Annotated[
        bool, Field(description="Whether `@owners` also are those of the repository's CODEOWNERS.")
    ] = True
    delegation: DelegationTable = DelegationTable()
    autonomy: AutonomyTable = AutonomyTable()
    review: ReviewTable | None = None
    team: list[TeamTable] = []
    budget: BudgetTable = BudgetTable()
    changes: ChangesTable = ChangesTable()
    rule: list[RuleTable] = []
    program: Annotated[
        dict[str, dict[str, object]],
        Field(description="Programs that Assent does not know: the keys of its catalog."),
    ] = {}


TABLES: dict[tuple[str, ...], type[Table]] = {
    (): File,
    ("ask",): Ask,
    ("autonomy",): AutonomyTable,
    ("review",): ReviewTable,
    ("team",): TeamTable,
    ("budget",): BudgetTable,
    ("budget", "price"): PriceTable,
    ("owners",): OwnersTable,
    ("delegation",): DelegationTable,
    ("changes",): ChangesTable,
    ("changes", "paths"): PathsTable,
    ("changes", "lines"): LinesTable,
    ("changes", "needs"): NeedsTable,
    ("changes", "sign"): SignTable,
    ("changes", "check"): CheckTable,
    ("changes", "model"): ModelTable,
    ("rule",): RuleTable,
}
"""The tables by where they stand."""


def keys_of(place: tuple[str, ...]) -> list[str]:
    """The keys of the table at `place`, as they are written."""
    fields = TABLES[place].model_fields
    return [field.alias or name for name, field in fields.items()]
