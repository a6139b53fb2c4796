"""Evidence packages (R22): what is known of one conversation, in a form that a prosecutor can check
without us. Reading the database is ``gathering``'s part alone; nothing here writes to it.
"""
