"""`opencmr demo`: a customer and two shops, three processes, real HTTP, a whole relationship.

command   the options
run       one run: a folder is made, the shops are started, and all is cleared away whatever happens
scenes    what the customer does, scene by scene
story     what happened, apart from how it is shown
screen    how it is shown
shops     the two vendors as processes
stores    the stores of the three parties, read and compared
wish      the intent in a file
persona   who the customer is
"""

from .command import demo

__all__ = ["demo"]
