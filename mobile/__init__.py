"""The tablet: encrypted store, key ring, desk (the use cases), head-less agent and Kivy window."""
