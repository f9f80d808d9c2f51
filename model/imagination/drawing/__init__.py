"""Drawing: painted rings made crisp, and cut into layers that are shown from beside a viewpoint.

One room, because its files hand one another the same things: the cut-outs of a painted ring. They
are cut out, drawn again by a network, kept enlarged, and put before what is continued behind them.
"""
