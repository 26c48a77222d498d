"""The agents Assent knows. One line for each; everything else about an agent is in its folder."""

from collections.abc import Mapping
from types import MappingProxyType

from assent.adapters.agents.claude_code.hooks import ClaudeCode
from assent.adapters.agents.claude_code.install import ClaudeCodeInstaller
from assent.adapters.agents.codex.hooks import Codex
from assent.adapters.agents.codex.install import CodexInstaller
from assent.app.agents import Agent, Installer

AGENTS: Mapping[str, Agent] = MappingProxyType(
    {
        agent.name: agent
        for agent in (
            ClaudeCode(),
            Codex(),
        )
    }
)

INSTALLERS: Mapping[str, Installer] = MappingProxyType(
    {
        installer.agent: installer
        for installer in (
            ClaudeCodeInstaller(),
            CodexInstaller(),
        )
    }
)
