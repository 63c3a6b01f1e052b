using System.Runtime.CompilerServices;
using TinyWorker.Threading;

namespace TinyWorker;

/// <summary>
/// A figure that stands beside a troupe where it is shown, a dashboard for example: of what the troupe itself knows nothing, such as its
/// connection to a broker.
/// </summary>
/// <param name="Name">What it is, in a few words.</param>
/// <param name="Value">The number or the word, with its unit.</param>
/// <param name="NeedsAttention">Whether somebody should look after it; by default false.</param>
public sealed record TroupeFigure(string Name, string Value, bool NeedsAttention = false);

/// <summary>
/// Figures that other code attaches to troupes, for whatever shows them. Nothing is read until somebody asks. Thread-safe.
/// </summary>
/// <remarks>No troupe is kept alive for its figures.</remarks>
public static class TroupeFigures
{
    internal const int MostFigures = 32;   // of one troupe
    internal const int MostName = 64;      // characters
    internal const int MostValue = 200;

    private static readonly ConditionalWeakTable<ITroupe, Providers> Attached = [];

    /// <summary>Attaches figures to a troupe, until what is returned is disposed. Figures that are attached later come later.</summary>
    /// <param name="troupe">The troupe; it may have ended.</param>
    /// <param name="figures">Gives the figures of the moment. It is called each time that somebody asks, by several threads at a time, and
    /// must not wait for anything. If it throws, a figure says so in its place. It may refer to the troupe.</param>
    /// <returns>Takes the figures away again when it is disposed; it may be dropped. Thread-safe; once is enough.</returns>
    /// <exception cref="ArgumentNullException">The troupe or the function is null.</exception>
    public static IDisposable Attach(ITroupe troupe, Func<IReadOnlyList<TroupeFigure>> figures)
    {
        ArgumentNullException.ThrowIfNull(troupe);
        ArgumentNullException.ThrowIfNull(figures);
        var providers = Attached.GetOrCreateValue(troupe);
        var provider = new Provider(figures);
        providers.Add(provider);
        return new Attachment(providers, provider);
    }

    /// <summary>The figures that are attached to a troupe, as they are now: 32 at the most, with names of 64 characters and values of 200;
    /// longer ones are cut.</summary>
    /// <param name="troupe">The troupe.</param>
    /// <returns>The figures; empty if there are none.</returns>
    /// <exception cref="ArgumentNullException">The troupe is null.</exception>
    public static IReadOnlyList<TroupeFigure> Of(ITroupe troupe)
    {
        ArgumentNullException.ThrowIfNull(troupe);
        if (!Attached.TryGetValue(troupe, out var providers)) return [];
        List<TroupeFigure> figures = [];
        foreach (var provider in providers.All)
        {
            if (Read(provider, figures) is not { } failure) continue;
            // It is said even where there is no room for it.
            if (figures.Count == MostFigures) figures[^1] = failure;
            else figures.Add(failure);
        }

        return figures;
    }

    /// <summary>Adds what a provider gives. Returns what stands for the rest if it throws; else null.</summary>
    private static TroupeFigure? Read(Provider provider, List<TroupeFigure> figures)
    {
        try
        {
            // The list is other people's code as well.
            foreach (var figure in provider.Figures() ?? [])
            {
                if (figures.Count == MostFigures) break;
                if (figure is null) continue;
                figures.Add(figure with { Name = Cut(figure.Name, MostName), Value = Cut(figure.Value, MostValue) });
            }

            return null;
        }
        catch (Exception e)
        {
            // Not its message, which may say what only some may read.
            return new TroupeFigure("Figures", Cut($"could not be read: {e.GetType().Name}", MostValue), NeedsAttention: true);
        }
    }

    // No half of a pair is left.
    private static string Cut(string? text, int most)
    {
        if (text is null) return "";
        if (text.Length <= most) return text;
        var length = most - 1;
        if (char.IsHighSurrogate(text[length - 1])) length--;
        return string.Concat(text.AsSpan(0, length), "…");
    }

    private sealed record Provider(Func<IReadOnlyList<TroupeFigure>> Figures);

    /// <summary>What is attached to one troupe, in the order in which it was attached.</summary>
    private sealed class Providers
    {
        private readonly Lock _lock = new();

        // Replaced under the lock, read without it.
        private volatile Provider[] _all = [];

        public Provider[] All => _all;

        public void Add(Provider provider)
        {
            using (Uninterrupted.Enter(_lock)) _all = [.. _all, provider];
        }

        public void Remove(Provider provider)
        {
            using (Uninterrupted.Enter(_lock)) _all = Array.FindAll(_all, each => !ReferenceEquals(each, provider));
        }
    }

    // The providers may refer to the troupe: what its user holds must not keep them.
    private sealed class Attachment(Providers providers, Provider provider) : IDisposable
    {
        private readonly WeakReference<Providers> _providers = new(providers);
        private readonly WeakReference<Provider> _provider = new(provider);

        public void Dispose()
        {
            if (_providers.TryGetTarget(out var providers) && _provider.TryGetTarget(out var provider)) providers.Remove(provider);
        }
    }
}
