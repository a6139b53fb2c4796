"""Commands of casework for ``ansim manage``."""
