"""What is measured: a DAG of six steps, A → (B, C, D) → E → F, each passing 1 KB of JSON; and one with a gate."""

from agents.contract import Agent, AgentContext, ModelTier, Nothing, Prompt, Typed
from approvals.kinds import Kind, Weight
from benchmarks.sizes import KILOBYTE
from workflows.gates import resume_gate
from workflows.nodes import AgentNode, GateNode, Workflow


class Kilobyte(Typed):
    """What goes from step to step."""

    data: str = KILOBYTE


class Noop(Agent[Kilobyte, Kilobyte, Nothing, Kilobyte]):
    """Hands on what it was given: what is left is what a step costs."""

    name = "noop"
    purpose = "For the benchmark."
    model_tier = ModelTier.FAST
    Input = Kilobyte
    Facts = Kilobyte
    Words = Nothing
    Output = Kilobyte

    def compute(self, given: Kilobyte, context: AgentContext) -> Kilobyte:
        """Return what was given."""
        return given

    def prompt(self, facts: Kilobyte, context: AgentContext) -> Prompt | None:
        """Ask nothing."""
        return None

    def compose(self, facts: Kilobyte, words: Nothing | None) -> Kilobyte:
        """Return what was given."""
        return facts


NOOP = Noop()


class Question(Typed):
    """What a person is asked at the gate: the kilobyte."""

    account: str
    handle: str
    mode: str
    delivery: str
    data: str


KIND = Kind(
    name="noop",
    label="Go on",
    Payload=Question,
    weigh=lambda question: Weight(risk="low"),
    title=lambda question: "Go on?",
    approve_label=lambda question: "Go on",
    on_decided=resume_gate,
)


def _node(key: str, *depends_on: str) -> AgentNode:
    inputs = {"data": f"{depends_on[0]}.output.data"} if depends_on else {}
    return AgentNode(
        key=key, label=key, agent="noop", depends_on=depends_on, inputs=inputs, timeout_seconds=60
    )


FORK = (_node("a"), _node("b", "a"), _node("c", "a"), _node("d", "a"), _node("e", "b", "c", "d"))

SIX_STEPS = Workflow(
    slug="bench_six", label="Six steps", purpose="Benchmark.", nodes=(*FORK, _node("f", "e"))
)

GATE = GateNode(
    key="gate",
    label="Go on?",
    approval="noop",
    depends_on=("e",),
    inputs={"data": "e.output.data"},
)
_LAST = AgentNode(key="f", label="f", agent="noop", depends_on=("gate",), timeout_seconds=60)
GATED = Workflow(slug="bench_gated", label="Gated", purpose="Benchmark.", nodes=(*FORK, GATE, _LAST))
