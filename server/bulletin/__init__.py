"""月通报 and 年度考核表: frozen months as papers (PDF, Word) and workbooks."""
