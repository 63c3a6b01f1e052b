using System.Globalization;
using ScottPlot;

namespace TinyWorker.Charts;

/// <summary>The main groups: a bar for each peer, as long as the logarithm of its time for an item.</summary>
internal static class GroupChart
{
    private const int Width = 900;
    private const int RowHeight = 22;
    private const int Frame = 110;       // title and axis
    private const int LeftLabels = 330;

    public static (Plot Plot, int Width, int Height) Of(IReadOnlyList<Group> groups)
    {
        var plot = Look.NewPlot("Time of one task or item (shorter is better)");
        var times = groups.SelectMany(group => group.Peers).Select(peer => peer.Nanoseconds).ToArray();
        var (from, to) = ((int)Math.Floor(Math.Log10(times.Min())), (int)Math.Ceiling(Math.Log10(times.Max())));
        List<Bar> bars = [];
        ScottPlot.TickGenerators.NumericManual names = new();
        var row = 0;   // downwards, so the positions are negative
        foreach (var group in groups)
        {
            var heading = plot.Add.Text(group.Question, from, -row++);
            heading.LabelStyle.Bold = true;
            heading.LabelStyle.FontSize = 14;
            heading.LabelStyle.ForeColor = Look.Text;
            heading.LabelStyle.Alignment = Alignment.MiddleLeft;
            heading.LabelStyle.OffsetX = 6;
            foreach (var peer in group.Peers)
            {
                var length = Math.Log10(peer.Nanoseconds);
                bars.Add(new()
                {
                    Position = -row,
                    ValueBase = from,
                    Value = length,
                    FillColor = peer.IsOurs ? Look.Ours : Look.Peers[0],
                    LineWidth = 0,
                    Size = 0.72,
                });
                var time = plot.Add.Text(Text(peer.Nanoseconds), length, -row);
                time.LabelStyle.FontSize = 12;
                time.LabelStyle.ForeColor = Look.Text;
                time.LabelStyle.Alignment = Alignment.MiddleLeft;
                time.LabelStyle.OffsetX = 4;
                names.AddMajor(-row++, peer.Name);
            }
        }

        plot.Add.Bars(bars).Horizontal = true;
        plot.Axes.Left.TickGenerator = names;
        plot.Axes.Left.MajorTickStyle.Length = 0;
        plot.Axes.Left.MinimumSize = LeftLabels;
        plot.Axes.Left.TickLabelStyle.FontSize = 12;
        Look.SetLogarithmicTicks(plot.Axes.Bottom, from, to, power => Text(Math.Pow(10, power)));
        plot.Grid.YAxisStyle.IsVisible = false;
        plot.Axes.SetLimits(from, to + 0.15, -row, 0.7);
        return (plot, Width, Frame + (row * RowHeight));
    }

    private static string Text(double nanoseconds) => nanoseconds switch
    {
        < 999.5 => $"{Short(nanoseconds)} ns",
        < 999_500 => $"{Short(nanoseconds / 1e3)} µs",
        _ => $"{Short(nanoseconds / 1e6)} ms",
    };

    // Two digits at least: more would not be the same in the next run.
    private static string Short(double value) => value.ToString(value < 9.95 ? "0.#" : "0", CultureInfo.InvariantCulture);
}
