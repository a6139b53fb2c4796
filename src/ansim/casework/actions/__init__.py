"""The only writer of casework: each verb writes its change and its audit row in one transaction."""
