using Spectre.Console.Rendering;

namespace TinyWorker.Display;

/// <summary>Pieces that the console is to write as they are: it turns their colours into what the terminal knows, and wraps nothing.</summary>
internal sealed class Drawing(IReadOnlyList<Segment> segments) : IRenderable
{
    public Measurement Measure(RenderOptions options, int maxWidth) => new(maxWidth, maxWidth);

    public IEnumerable<Segment> Render(RenderOptions options, int maxWidth) => segments;
}
