"""What a target costs: list prices, templates as quantities, and the money that follows from both.

Three steps, each plain data: `prices` reads the table of a region, `resources` turns templates into quantities,
`monthly` multiplies them. `delta` compares what is deployed with what would be, `budget` refuses a plan beyond a
target's budget, `deployment` tells what one deployment cost. Nothing here guesses: a price that no source gives is
not in the table, and what the table does not cover is listed beside the sum.
"""
