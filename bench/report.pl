print while <>;
