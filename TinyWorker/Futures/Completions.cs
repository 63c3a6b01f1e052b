using System.Diagnostics;
using TinyWorker.Threading;

namespace TinyWorker.Futures;

/// <summary>
/// Runs continuations one after the other, not one inside the other. If a continuation completes another future, the continuations of that
/// future go to the end of this thread's queue. So a chain of a million links completes or fails without recursion, in constant stack.
/// </summary>
/// <remarks>
/// A post to a context of the user's may run the code after an <c>await</c> right there. That code may complete a future and then block
/// until something that depends on it has ended. So posts come last, when the queue is empty, and a future that is completed inside a
/// post has its continuations run at once: nothing waits behind code of the user's. Only posts wait for posts, and a thread that blocks
/// makes those first (<see cref="RunBeforeBlocking"/>). Posts can run inside one another so. Where they are too deep, the pool goes on.
/// </remarks>
internal static class Completions
{
    private const int Deepest = 16;

    [ThreadStatic]
    private static RunQueue? t_queue;

    public static void Run(object continuations)
    {
        var queue = t_queue ??= new RunQueue();
        if (queue.IsRunning) queue.Waiting.Enqueue(continuations);
        else if (queue.Depth >= Deepest) Schedule.Queue(static continuations => Run(continuations), continuations, preferLocal: false);
        else queue.Run(continuations);
    }

    /// <summary>For a continuation that is being run: posts it when no other continuation waits on this thread.</summary>
    public static void PostLast(PostedContinuation continuation)
    {
        var queue = t_queue!;
        Debug.Assert(queue.IsRunning, "a continuation is run by a queue");
        (queue.Posts ??= new Queue<PostedContinuation>()).Enqueue(continuation);
    }

    /// <summary>Makes the posts that wait on this thread, which is about to block.</summary>
    public static void RunBeforeBlocking()
    {
        if (t_queue is { Posts.Count: > 0, IsRunning: false } queue) queue.RunPosts();
    }

    /// <summary>True if one of them looks at how the future has ended.</summary>
    public static bool Notify(object continuations)
    {
        Schedule.Point();
        if (continuations is IContinuation single) return single.OnSourceCompleted();
        var isLookedAt = false;
        foreach (var continuation in ((ContinuationList)continuations).Take()) isLookedAt |= continuation.OnSourceCompleted();
        return isLookedAt;
    }

    private sealed class RunQueue
    {
        public readonly Queue<object> Waiting = new();
        public Queue<PostedContinuation>? Posts;   // made when a post waits for the first time
        public bool IsRunning;                    // continuations run, and no post
        public int Depth;                         // how many posts run, one inside the other

        public void Run(object continuations)
        {
            IsRunning = true;
            try
            {
                Notify(continuations);
                while (Waiting.TryDequeue(out var next)) Notify(next);
            }
            finally
            {
                IsRunning = false;
            }

            if (Posts is not null) RunPosts();
        }

        public void RunPosts()
        {
            Depth++;
            try
            {
                while (Posts!.TryDequeue(out var next))
                {
                    if (Depth > Deepest) Schedule.Queue(static next => next.Post(), next, preferLocal: false);
                    else next.Post();
                }
            }
            finally
            {
                Depth--;
            }
        }
    }
}
