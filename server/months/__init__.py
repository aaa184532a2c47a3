"""月结: freezing a month's figures, signing, publishing, corrections, the bulletin."""
