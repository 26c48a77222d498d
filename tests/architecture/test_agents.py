"""One folder per agent: what one agent does is no other agent's business."""

import grimp

AGENTS = "assent.adapters.agents"


def agent_folders(graph: grimp.ImportGraph) -> set[str]:
    """The agents' packages; plain modules beside them are shared by all."""
    return {child for child in graph.find_children(AGENTS) if graph.find_children(child)}


def imports_between_agents(graph: grimp.ImportGraph) -> list[tuple[str, str]]:
    """Each (importer, imported) where one agent's folder reaches into another's."""
    modules = {folder: {folder} | graph.find_descendants(folder) for folder in agent_folders(graph)}
    return sorted(
        (importer, imported)
        for folder, own in modules.items()
        for importer in own
        for imported in graph.find_modules_directly_imported_by(importer)
        if any(imported in theirs for other, theirs in modules.items() if other != folder)
    )


def test_agents_do_not_import_each_other() -> None:
    assert imports_between_agents(grimp.build_graph("assent", cache_dir=None)) == []


def test_a_planted_import_between_agents_is_found() -> None:
    graph = grimp.build_graph("assent", cache_dir=None)
    importer, imported = f"{AGENTS}.planted_one.install", f"{AGENTS}.planted_two.parse"
    for module in (f"{AGENTS}.planted_one", f"{AGENTS}.planted_two", importer, imported):
        graph.add_module(module)
    graph.add_import(importer=importer, imported=imported)
    assert (importer, imported) in imports_between_agents(graph)
