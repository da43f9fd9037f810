SELECT period, name, unit_of, measure, CAST(known_from AS VARCHAR) AS known_from, CAST(value AS VARCHAR) AS value FROM plans ORDER BY period, name, measure
