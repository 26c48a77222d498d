"""How each agent names its tools: a script's step becomes that agent's tool calls."""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from .conversation import Call, Conversation, Part, Text
from .steps import (
    AwaitDelegate,
    CallMcp,
    CallTool,
    Delegate,
    Edit,
    Parallel,
    ProposePlan,
    Read,
    Run,
    Say,
    Step,
    Write,
    WritePlan,
    marker,
)

MCP_SERVER = "lab"
"""The name under which every agent is told of the laboratory's MCP server."""

# A sub-agent of Gemini ends by a tool call, not by a text.
_GEMINI_FAREWELL = "complete_task"
_PLAN_FILE = re.compile(r"/[^\s`\"']+/plans/[^\s`\"']+\.md")
_PLAN_FOLDER = re.compile(r"((?:\.\.|~)?/[^\s`\"'*]+/plans)/?[`\"'\s]")


@dataclass(frozen=True, slots=True)
class Desk:
    """What a step needs to become a call: the conversation and the agent's working directory."""

    conversation: Conversation
    workdir: str

    def path(self, name: str) -> str:
        return os.path.normpath(os.path.join(self.workdir, name))

    def plan_file(self) -> str:
        """The file that the agent's instructions reserve for the plan."""
        file = _PLAN_FILE.search(self.conversation.raw)
        if file:
            return file.group()
        folder = _PLAN_FOLDER.search(self.conversation.raw)
        return self.path(os.path.join(folder.group(1), "plan.md") if folder else "plan.md")


def reply(agent: str, step: Step, desk: Desk) -> tuple[Part, ...]:
    """The parts of the assistant's message for a step.

    A step for which the agent offers no tool becomes a text that says so: it ends the turn, and
    the missing tool result shows in the test.
    """
    return tuple(_parts(agent, step, desk))


def _parts(agent: str, step: Step, desk: Desk) -> Iterator[Part]:
    match step:
        case Say(text) if desk.conversation.tool(_GEMINI_FAREWELL):
            yield Call(_GEMINI_FAREWELL, {"result": {"response": text}})
        case Say(text):
            yield Text(text)
        case Parallel(steps):
            for inner in steps:
                yield from _parts(agent, inner, desk)
        case CallTool(name, arguments, namespace):
            yield Call(name, arguments, namespace)
        case CallMcp(tool, arguments):
            yield _mcp_call(agent, Call(tool, arguments), desk)
        case _:
            call = _VOCABULARIES[agent](step, desk)
            yield _offered(call, desk.conversation) if call else Text(f"{agent} has no {step!r}")


def _mcp_call(agent: str, call: Call, desk: Desk) -> Part:
    offered = (
        Call(tool.name, call.arguments, tool.namespace)
        for tool in desk.conversation.tools
        if call.name in tool.name and MCP_SERVER in f"{tool.namespace}{tool.name}"
    )
    # Codex offers MCP tools through a search; it also takes the call without one.
    unlisted: Part = (
        Call(call.name, call.arguments, f"mcp__{MCP_SERVER}")
        if agent == "codex"
        else Text(f"no MCP tool {call.name} is offered")
    )
    return next(offered, unlisted)


def _offered(call: Call, conversation: Conversation) -> Part:
    if call.namespace is not None:
        return call
    tool = conversation.tool(call.name)
    if tool is None:
        return Text(f"no tool {call.name} is offered")
    return Call(call.name, call.arguments, tool.namespace)


def _claude_code(step: Step, desk: Desk) -> Call | None:
    match step:
        case Write(path, content):
            return Call("Write", {"file_path": desk.path(path), "content": content})
        case Edit(path, old, new):
            arguments = {"file_path": desk.path(path), "old_string": old, "new_string": new}
            return Call("Edit", arguments)
        case Read(path):
            return Call("Read", {"file_path": desk.path(path)})
        case Run(command):
            return Call("Bash", {"command": command, "description": "scripted command"})
        case WritePlan(text):
            return Call("Write", {"file_path": desk.plan_file(), "content": text})
        case ProposePlan(text):
            return Call("ExitPlanMode", {"plan": text})
        case Delegate(script):
            task = {"description": "scripted child", "subagent_type": "general-purpose"}
            return Call("Agent", {**task, "prompt": marker(script), "run_in_background": False})
        case _:
            return None


def _codex(step: Step, desk: Desk) -> Call | None:
    match step:
        case Write(path, content):
            lines = "".join(f"+{line}\n" for line in content.splitlines())
            return Call("apply_patch", _patch(f"*** Add File: {path}\n{lines}"))
        case Edit(path, old, new):
            return Call("apply_patch", _patch(f"*** Update File: {path}\n@@\n-{old}\n+{new}\n"))
        case Read(path):
            return Call("exec_command", {"cmd": f"cat {path}"})
        case Run(command):
            return Call("exec_command", {"cmd": command})
        case Delegate(script):
            return Call("spawn_agent", {"message": marker(script)}, "multi_agent_v1")
        case AwaitDelegate():
            targets = re.findall(r'"agent_id":\s*"([^"]+)"', desk.conversation.raw)
            arguments = {"targets": targets, "timeout_ms": 60_000}
            return Call("wait_agent", arguments, "multi_agent_v1")
        case _:
            return None


def _patch(body: str) -> str:
    return f"*** Begin Patch\n{body}*** End Patch\n"


def _gemini(step: Step, desk: Desk) -> Call | None:
    match step:
        case Write(path, content):
            return Call("write_file", {"file_path": desk.path(path), "content": content})
        case Edit(path, old, new):
            change = {"old_string": old, "new_string": new, "instruction": "scripted edit"}
            return Call("replace", {"file_path": desk.path(path), **change})
        case Read(path):
            return Call("read_file", {"file_path": desk.path(path)})
        case Run(command):
            return Call("run_shell_command", {"command": command, "description": "scripted"})
        case WritePlan(text):
            return Call("write_file", {"file_path": desk.plan_file(), "content": text})
        case ProposePlan():
            name = os.path.basename(desk.plan_file())
            return Call("exit_plan_mode", {"plan_filename": name, "plan_path": desk.plan_file()})
        case Delegate(script):
            return Call("invoke_agent", {"agent_name": "generalist", "prompt": marker(script)})
        case _:
            return None


def _copilot(step: Step, desk: Desk) -> Call | None:
    match step:
        case Write(path, content):
            return Call("create", {"path": desk.path(path), "file_text": content})
        case Edit(path, old, new):
            return Call("edit", {"path": desk.path(path), "old_str": old, "new_str": new})
        case Read(path):
            return Call("view", {"path": desk.path(path)})
        case Run(command):
            return Call("bash", {"command": command, "description": "scripted command"})
        case Delegate(script):
            task = {"description": "scripted child", "name": "child", "mode": "sync"}
            return Call("task", {**task, "prompt": marker(script), "agent_type": "general-purpose"})
        case _:
            return None


def _opencode(step: Step, desk: Desk) -> Call | None:
    match step:
        case Write(path, content):
            return Call("write", {"filePath": desk.path(path), "content": content})
        case Edit(path, old, new):
            change = {"oldString": old, "newString": new}
            return Call("edit", {"filePath": desk.path(path), **change})
        case Read(path):
            return Call("read", {"filePath": desk.path(path)})
        case Run(command):
            return Call("bash", {"command": command, "description": "scripted command"})
        case Delegate(script):
            task = {"description": "scripted child", "subagent_type": "general"}
            return Call("task", {**task, "prompt": marker(script)})
        case _:
            return None


_VOCABULARIES: Mapping[str, Callable[[Step, Desk], Call | None]] = {
    "claude-code": _claude_code,
    "codex": _codex,
    "copilot": _copilot,
    "gemini": _gemini,
    "opencode": _opencode,
}
AGENTS = tuple(_VOCABULARIES)
