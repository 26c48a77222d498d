"""The agents Assent knows. One line for each; everything else about an agent is in its folder."""

from collections.abc import Mapping
from types import MappingProxyType

from assent.adapters.agents.claude_code.hooks import ClaudeCode
from assent.adapters.agents.claude_code.install import ClaudeCodeInstaller
from assent.adapters.agents.codex.hooks import Codex
from assent.adapters.agents.codex.install import CodexInstaller
from assent.adapters.agents.copilot.hooks import Copilot
from assent.adapters.agents.copilot.install import CopilotInstaller
from assent.adapters.agents.gemini.hooks import Gemini
from assent.adapters.agents.gemini.install import GeminiInstaller
from assent.adapters.agents.opencode.hooks import Opencode
from assent.adapters.agents.opencode.install import OpencodeInstaller
from assent.app.agents import Agent, Installer

AGENTS: Mapping[str, Agent] = MappingProxyType(
    {
        agent.name: agent
        for agent in (
            ClaudeCode(),
            Codex(),
            Gemini(),
            Copilot(),
            Opencode(),
        )
    }
)

INSTALLERS: Mapping[str, Installer] = MappingProxyType(
    {
        installer.agent: installer
        for installer in (
            ClaudeCodeInstaller(),
            CodexInstaller(),
            GeminiInstaller(),
            CopilotInstaller(),
            OpencodeInstaller(),
        )
    }
)
