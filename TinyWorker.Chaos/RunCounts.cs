using System.IO.MemoryMappedFiles;

namespace TinyWorker.Chaos;

/// <summary>
/// How often each task was run, counted where it runs: in a file that this process and all worker processes map into their memory, so that
/// what a worker has counted is there whatever becomes of the worker.
/// </summary>
internal sealed unsafe class RunCounts : IDisposable
{
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private readonly int* _counts;

    public RunCounts(string path)
    {
        _file = MemoryMappedFile.CreateFromFile(path, FileMode.Open);
        _view = _file.CreateViewAccessor();
        byte* start = null;
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
        _counts = (int*)start;
    }

    public static void Make(string path, int tasks)
    {
        using var file = File.Create(path);
        file.SetLength((long)tasks * sizeof(int));
    }

    public int this[int task] => Volatile.Read(ref _counts[task]);

    /// <returns>The how manieth run of the task this is.</returns>
    public int Count(int task) => Interlocked.Increment(ref _counts[task]);

    public void Dispose()
    {
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _file.Dispose();
    }
}
