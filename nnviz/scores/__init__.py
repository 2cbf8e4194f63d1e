"""How good predictions are: the measures by which a network is judged, from arrays alone."""
