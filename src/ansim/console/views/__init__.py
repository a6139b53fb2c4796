"""One module a page. Views ask casework and its actions; they decide nothing themselves."""
