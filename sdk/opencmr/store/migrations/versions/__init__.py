"""One module a change, in their order: the number in a module's name is its revision."""
