"""月通报: a month's frozen sheet as the paper a county office sends round; 年度考核表: its months."""
