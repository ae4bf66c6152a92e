"""The search for the best maximum of a mixture, of any family: starts of many kinds, parts of the solution
exchanged where that helps, until the best end has been found more than once or the effort is spent.
"""
