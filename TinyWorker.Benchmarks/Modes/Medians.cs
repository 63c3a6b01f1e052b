namespace TinyWorker.Benchmarks.Modes;

/// <summary>What is told of a value that was measured once in each round.</summary>
internal static class Medians
{
    public static double Of(IReadOnlyCollection<double> values) => values.Order().ElementAt(values.Count / 2);

    /// <summary>The median of the ratios of the rounds: the machine may change between rounds, but hardly within one.</summary>
    public static double OfRatios(IEnumerable<double> values, IEnumerable<double> baseline) =>
        Of([.. values.Zip(baseline, (value, other) => value / other)]);
}
