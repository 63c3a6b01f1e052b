using System.Globalization;
using ScottPlot;
using TinyWorker.Benchmarks.Results;

namespace TinyWorker.Charts;

/// <summary>Throughput against the size of a task: how many plain loops each way is worth.</summary>
internal static class SizeChart
{
    private const int Width = 900;
    private const int Height = 480;

    private static readonly MarkerShape[] Shapes = [MarkerShape.FilledCircle, MarkerShape.FilledSquare, MarkerShape.FilledTriangleUp];

    public static (Plot Plot, int Width, int Height) Of(ResultTable sizes)
    {
        var plot = Look.NewPlot("Throughput by the task's size (1 = a plain loop on one core; higher is better)");
        var microseconds = sizes.Columns.Select(column => Microseconds(column.Name)).ToArray();
        var positions = microseconds.Select(Math.Log10).ToArray();
        var (ours, peers) = (0, 0);
        foreach (var row in sizes.Rows)
        {
            var isOurs = row.Name.StartsWith("TinyWorker", StringComparison.Ordinal);
            var line = plot.Add.Scatter(positions, row.Values.Select(value => value!.Value).ToArray());
            var index = isOurs ? ours++ : peers++;
            line.Color = isOurs ? Look.Ours : Look.Peers[index % Look.Peers.Length];
            line.LineWidth = isOurs ? 2.5f : 1.8f;
            line.MarkerShape = row.IsBaseline ? MarkerShape.None : Shapes[index % Shapes.Length];
            line.MarkerSize = isOurs ? 8 : 6;
            line.LegendText = row.Name;
        }

        plot.ShowLegend(Alignment.LowerRight);
        plot.Legend.FontSize = 12;
        plot.Legend.ShadowColor = Colors.Transparent;
        plot.Axes.Bottom.Label.Text = "Computing time of a task";
        plot.Axes.Bottom.Label.Bold = false;
        var (from, to) = ((int)positions.Min(), (int)Math.Ceiling(positions.Max()));
        Look.SetLogarithmicTicks(
            plot.Axes.Bottom, from, to, power => power < 3 ? $"{Math.Pow(10, power):0} µs" : $"{Math.Pow(10, power - 3):0} ms");
        plot.Axes.SetLimits(from - 0.05, to + 0.05, 0, 1.15 * sizes.Rows.SelectMany(row => row.Values).Max()!.Value);
        return (plot, Width, Height);
    }

    private static double Microseconds(string size) => size.Split(' ') switch
    {
        [var number, "µs"] => double.Parse(number, CultureInfo.InvariantCulture),
        [var number, "ms"] => 1_000 * double.Parse(number, CultureInfo.InvariantCulture),
        _ => throw new InvalidDataException($"'{size}' is not a size of the mode sizes, for example '10 µs'."),
    };
}
