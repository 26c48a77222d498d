"""Files that hold values: JSON by pointer, and any text file as a whole."""

from assent.adapters.values.json_files import JsonFiles

__all__ = ["JsonFiles"]
