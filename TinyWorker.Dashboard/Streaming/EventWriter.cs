using System.Text.Json;
using TinyWorker.Dashboard.Sampling;
using TinyWorker.Dashboard.State;

namespace TinyWorker.Dashboard.Streaming;

/// <summary>Makes events of what was seen.</summary>
internal sealed class EventWriter(DashboardSettings settings)
{
    /// <summary>How long an event is at the most, in bytes, its frame included.</summary>
    public const int MostBytes = 8192;

    private const int Digits = 16;   // room for larger numbers of parts than those at hand while it is measured

    private static ReadOnlySpan<byte> Begin => "data: "u8;

    private static ReadOnlySpan<byte> End => "\n\n"u8;

    /// <summary>The events of one look, which belong together.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Write(View view, bool mayControl)
    {
        var room = MostBytes - Begin.Length - End.Length - Digits;
        var first = Envelope(view, mayControl) with { Links = view.HasWords ? view.Links : null };
        var firstSize = Bytes(first).Length;
        var nextSize = Bytes(first with { Links = null }).Length;

        var parts = new List<List<TroupeState>> { new() };
        var used = firstSize;
        foreach (var troupe in view.Troupes)
        {
            var (fitting, size) = Fitting(view.NewWords.Contains(troupe.Id) ? troupe : WithoutWords(troupe), room - nextSize);
            if (used + size > room)
            {
                parts.Add([]);
                used = nextSize;
            }

            parts[^1].Add(fitting);
            used += size;
        }

        return [.. parts.Select((part, i) => Frame(
            first with { Part = i, Parts = parts.Count, Troupes = part, Links = i == 0 ? first.Links : null }))];
    }

    /// <summary>What was seen, without the troupes.</summary>
    public DashboardState Envelope(View view, bool mayControl) => new(
        settings.Title, view.At.ToUnixTimeMilliseconds(), settings.Interval.TotalSeconds, mayControl, null, 0, 1, view.Totals,
        view.Omitted, [], null);

    private static TroupeState WithoutWords(TroupeState troupe) => troupe with
    {
        Sentence = null, Text = null, Wait = null, Run = null, Faults = null, Longest = null, StartFailure = null, Figures = null,
    };

    // Names and messages of strange characters can be six times as long as usual: then the longest are left out.
    private static (TroupeState Troupe, int Size) Fitting(TroupeState troupe, int room)
    {
        for (var step = 0; ; step++)
        {
            var size = JsonSerializer.SerializeToUtf8Bytes(troupe, DashboardJson.Default.TroupeState).Length + 1;   // and a comma
            if (size <= room) return (troupe, size);
            troupe = step switch
            {
                0 => troupe with { Text = null },
                1 => troupe with { Figures = null },
                2 => troupe with { Faults = null, StartFailure = null },
                3 => troupe with { Cells = troupe.Cells[..Math.Min(troupe.Cells.Length, 2048)] },
                _ => throw new InvalidOperationException($"Of the troupe {troupe.Id} {size} bytes are left, which do not fit into {room}."),
            };
        }
    }

    private static byte[] Bytes(DashboardState state) => JsonSerializer.SerializeToUtf8Bytes(state, DashboardJson.Default.DashboardState);

    private static ReadOnlyMemory<byte> Frame(DashboardState state)
    {
        var json = Bytes(state);
        var frame = new byte[Begin.Length + json.Length + End.Length];
        Begin.CopyTo(frame);
        json.CopyTo(frame.AsSpan(Begin.Length));
        End.CopyTo(frame.AsSpan(Begin.Length + json.Length));
        return frame;
    }
}
