"""How good the components' models are: few epochs, few examples, averaged weights."""
