"""The open questions of the article on randomly connected layers, put to data."""
