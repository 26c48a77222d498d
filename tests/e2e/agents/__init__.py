"""A laboratory of real coding agents: pinned, offline, played by a scripted model.

`install` gets the agents, `scene` makes one agent's scratch world, `launch` knows how each is
configured and started, `runner` runs it in its own namespaces and tells what happened.
"""
