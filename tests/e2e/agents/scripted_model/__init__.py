"""A model that plays a script: it stands in for the vendors' models on loopback, with no key.

It speaks Anthropic Messages, OpenAI Responses, OpenAI Chat Completions and Gemini generateContent,
streaming and not, and keeps no state: the step of the script is the number of tool results in the
request's own history, and a marker in the prompt names the script, so sub-agents work too.
"""
