using ScottPlot;

namespace TinyWorker.Charts;

/// <summary>What the pictures have in common: a white background, so that they can be read on a dark page, too; ours blue, peers grey.</summary>
internal static class Look
{
    public static readonly Color Ours = Color.FromHex("#1f6feb");
    public static readonly Color[] Peers = [Color.FromHex("#a0a6ad"), Color.FromHex("#6e757c"), Color.FromHex("#b9bec4")];
    public static readonly Color Text = Color.FromHex("#24292f");

    public static Plot NewPlot(string title)
    {
        Plot plot = new();
        plot.Font.Set("DejaVu Sans");
        plot.FigureBackground.Color = Colors.White;
        plot.DataBackground.Color = Colors.White;
        plot.Axes.Color(Text);
        plot.Title(title, size: 16);
        plot.Axes.Right.FrameLineStyle.IsVisible = false;
        plot.Axes.Top.FrameLineStyle.IsVisible = false;
        plot.Grid.MajorLineColor = Color.FromHex("#e1e4e8");
        return plot;
    }

    /// <summary>Ticks of a logarithmic axis: at each power of ten, and small ones between.</summary>
    public static void SetLogarithmicTicks(IAxis axis, int fromPower, int toPower, Func<int, string> label)
    {
        ScottPlot.TickGenerators.NumericManual ticks = new();
        for (var power = fromPower; power <= toPower; power++)
        {
            ticks.AddMajor(power, label(power));
            for (var i = 2; i < 10 && power < toPower; i++) ticks.AddMinor(power + Math.Log10(i));
        }

        axis.TickGenerator = ticks;
    }
}
