using Spectre.Console.Rendering;

namespace TinyWorker.Display;

/// <summary>Segments that the console writes as they are. It converts their colours for the terminal, and wraps nothing.</summary>
internal sealed class RawSegments(IReadOnlyList<Segment> segments) : IRenderable
{
    public Measurement Measure(RenderOptions options, int maxWidth) => new(maxWidth, maxWidth);

    public IEnumerable<Segment> Render(RenderOptions options, int maxWidth) => segments;
}
