using Microsoft.ML.OnnxRuntime;

namespace TinyWorker.Examples.Onnx;

// <sample>
/// <summary>Runs a batch of inputs through the model of a file. Each worker has a session of its own.</summary>
internal sealed class Model : TinyWorker<float[][], float[][]>, IDisposable
{
    private readonly SessionOptions options = new() { IntraOpNumThreads = 1 };   // the troupe has the threads
    private readonly RunOptions runOptions = new();
    private readonly InferenceSession session;

    public Model(string path) => session = new(path, options);

    public override float[][] Call(float[][] batch, CancellationToken cancellationToken)
    {
        float[] numbers = [.. batch.SelectMany(input => input)];
        using var x = OrtValue.CreateTensorValueFromMemory(numbers, [batch.Length, batch[0].Length]);
        using var outputs = session.Run(runOptions, ["x"], [x], ["y"]);

        var y = outputs[0].GetTensorDataAsSpan<float>().ToArray();
        return [.. y.Chunk(y.Length / batch.Length)];   // as long as the batch
    }

    public void Dispose()
    {
        session.Dispose();
        runOptions.Dispose();
        options.Dispose();
    }
}
// </sample>
