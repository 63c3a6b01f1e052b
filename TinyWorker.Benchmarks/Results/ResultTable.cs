namespace TinyWorker.Benchmarks.Results;

/// <summary>A table of measurements: for people on the console and on the pages, for programs as JSON.</summary>
/// <param name="Title">What was measured.</param>
/// <param name="Columns">The columns after the name of the row.</param>
/// <param name="Rows">One for each peer or case.</param>
internal sealed record ResultTable(string Title, IReadOnlyList<ResultColumn> Columns, IReadOnlyList<ResultRow> Rows);

/// <param name="Name">The unit or the name of the column.</param>
/// <param name="Format">How people see its numbers.</param>
internal sealed record ResultColumn(string Name, string Format);

/// <param name="Name">The peer or the case.</param>
/// <param name="Values">A number for each column, or nothing where there is none.</param>
/// <param name="IsBaseline">Whether the ratios of the table are to this row.</param>
internal sealed record ResultRow(string Name, IReadOnlyList<double?> Values, bool IsBaseline = false);
