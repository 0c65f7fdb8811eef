"""`opencmr demo`: a customer and two shops, three processes, real HTTP, a whole relationship.

command       the options
performance   one run: the stage is made, and cleared away whatever happens
play          the scenes: what the customer does
story         what happened, apart from how it is shown
screen        how it is shown
shops         the two vendors as processes
books         the files of the three parties, read and compared
wish          the intent in a file
persona       who the customer is
"""

from .command import demo

__all__ = ["demo"]
