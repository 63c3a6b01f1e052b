namespace TinyWorker.Examples.Web;

/// <summary>Makes a picture of the bytes of a file. It stands for a native library: it computes for long, and a bad file crashes it.</summary>
internal static class Picture
{
    private const int Size = 128;     // in pixels
    private const int Passes = 100;   // of smoothing: what makes it slow

    /// <summary>A file that begins with this ends the process that paints it.</summary>
    public static ReadOnlySpan<byte> Poison => "CRASH"u8;

    /// <summary>Returns a PNG of 128 by 128 pixels. Runs in a worker process.</summary>
    /// <exception cref="InvalidDataException">The file is empty.</exception>
    public static byte[] Paint(byte[] content, CancellationToken cancellationToken)
    {
        if (content.Length == 0) throw new InvalidDataException("An empty file has no picture.");
        // As a crash in native code would: the process is gone. Only this task faults, and another process takes the next one.
        if (content.AsSpan().StartsWith(Poison)) Environment.Exit(139);

        var gray = new float[Size * Size];
        for (var i = 0; i < gray.Length; i++) gray[i] = content[(int)((long)i * content.Length / gray.Length)];
        for (var pass = 0; pass < Passes; pass++)
        {
            cancellationToken.ThrowIfCancellationRequested();   // so that a request that nobody waits for ends soon
            gray = Smooth(gray);
        }

        return Png.Encode(Size, Array.ConvertAll(gray, value => (byte)value));
    }

    // Each pixel becomes the mean of itself and its neighbours; the picture is a torus, so that it has no edges.
    private static float[] Smooth(float[] pixels)
    {
        var smooth = new float[pixels.Length];
        for (var y = 0; y < Size; y++)
        {
            for (var x = 0; x < Size; x++)
            {
                var sum = 0f;
                for (var dy = -1; dy <= 1; dy++)
                {
                    for (var dx = -1; dx <= 1; dx++) sum += pixels[((y + dy + Size) % Size * Size) + ((x + dx + Size) % Size)];
                }

                smooth[(y * Size) + x] = sum / 9;
            }
        }

        return smooth;
    }
}
