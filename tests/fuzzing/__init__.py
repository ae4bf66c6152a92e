"""Random input at every door. A case is a target and a number; what came of it is one word.

`runner` tries cases in processes of their own, `outcomes` has the words, and each other module is a target.
"""
