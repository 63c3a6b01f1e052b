using System.Runtime.InteropServices;

namespace TinyWorker.Examples.Onnx;

/// <summary>
/// Makes an ONNX model: a dense network with random weights. Its answers mean nothing, but it works as hard as one that was trained.
/// The numbers of the fields are those of
/// <see href="https://github.com/onnx/onnx/blob/main/onnx/onnx.proto">onnx.proto</see>.
/// </summary>
internal static class OnnxFile
{
    private const int Float = 1;   // of TensorProto.DataType

    /// <summary>Takes a matrix "x" and gives a matrix "y"; both have as many rows as the batch has items.</summary>
    /// <param name="widths">How many numbers the input of each layer has, and the output of the last.</param>
    /// <param name="seed">Of the weights.</param>
    public static byte[] OfADenseNetwork(int[] widths, int seed)
    {
        var random = new Random(seed);
        var graph = new Message();
        var input = "x";
        for (var layer = 0; layer < widths.Length - 1; layer++)
        {
            var isLast = layer == widths.Length - 2;
            var (weights, biases, sums) = ($"weights{layer}", $"biases{layer}", isLast ? "y" : $"sums{layer}");
            graph.Add(1, Node("Gemm", [input, weights, biases], sums));   // input × weights + biases
            if (!isLast) graph.Add(1, Node("Relu", [sums], input = $"x{layer}"));
            graph.Add(5, Tensor(weights, [widths[layer], widths[layer + 1]], random));
            graph.Add(5, Tensor(biases, [widths[layer + 1]], random));
        }

        graph.Add(2, "dense").Add(11, Matrix("x", widths[0])).Add(12, Matrix("y", widths[^1]));
        var operators = new Message().Add(1, "").Add(2, 13);               // ONNX's own, version 13
        return [.. new Message().Add(1, 8).Add(8, operators).Add(7, graph).ToSpan()];   // version 8 of the format
    }

    private static Message Node(string operation, string[] inputs, string output)
    {
        var node = new Message();
        foreach (var input in inputs) node.Add(1, input);
        return node.Add(2, output).Add(4, operation);
    }

    private static Message Tensor(string name, int[] sizes, Random random)
    {
        var scale = 2 / MathF.Sqrt(sizes[0]);   // so that the numbers grow and shrink little from layer to layer
        var values = new float[sizes.Aggregate(1, (product, size) => product * size)];
        for (var i = 0; i < values.Length; i++) values[i] = (random.NextSingle() - 0.5f) * scale;
        var tensor = new Message().Add(2, Float).Add(8, name).Add(9, MemoryMarshal.AsBytes(values.AsSpan()));
        foreach (var size in sizes) tensor.Add(1, size);
        return tensor;
    }

    // The first dimension has a name in the place of a size: any batch will do.
    private static Message Matrix(string name, int width)
    {
        var shape = new Message().Add(1, new Message().Add(2, "batch")).Add(1, new Message().Add(1, width));
        return new Message().Add(1, name).Add(2, new Message().Add(1, new Message().Add(1, Float).Add(2, shape)));
    }
}
