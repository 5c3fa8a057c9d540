"""Chapter 18: the gates of LSTM and GRU."""
