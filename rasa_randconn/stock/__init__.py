"""Everything that depends on how Rasa and Keras are made inside."""
